// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Spends of points, each at most once.
/// @notice Balances are kept in a ledger off the chain. What is kept here is which operations were spent, so that one that
/// is sent twice, by whoever and however late, is done once, and so that anybody can see it. An operation ends in one of two
/// ways, for good: it is spent, or it is cancelled and can never be spent.
contract Points {
    /// @dev What became of an operation. The order is part of the interface.
    enum Status {
        None,
        Spent,
        Cancelled
    }

    bytes32 public constant ADMIN = keccak256("ADMIN");
    /// @notice Spends in the name of accounts, and cancels.
    bytes32 public constant SPENDER = keccak256("SPENDER");
    /// @notice Signs vouchers, with which accounts spend themselves.
    bytes32 public constant SIGNER = keccak256("SIGNER");
    bytes32 public constant PAUSER = keccak256("PAUSER");

    /// @dev EIP-712.
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant VOUCHER =
        keccak256("Voucher(bytes32 operation,address account,uint256 amount,uint256 deadline)");
    bytes32 private constant NAME = keccak256("Halyard Points");
    bytes32 private constant VERSION = keccak256("1");
    /// @dev Above it, the same signature can be written in a second way.
    uint256 private constant S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    event Spent(bytes32 indexed operation, address indexed account, uint256 amount, address by);
    event Cancelled(bytes32 indexed operation, address by);
    event RoleSet(bytes32 indexed role, address indexed account, bool has, address by);
    event PausedSet(bool isPaused, address by);

    error Missing(bytes32 role, address account);
    error Used(bytes32 operation, Status status);
    error Late(uint256 deadline);
    error IsPaused();
    error NoOperation();
    error NoAmount();
    error NoAccount();
    error NotYours(address account);
    error BadSignature();
    error LastAdmin();

    mapping(bytes32 operation => Status) public statusOf;
    mapping(bytes32 role => mapping(address account => bool)) public hasRole;
    bool public isPaused;
    /// @notice How many accounts are admins; never 0.
    uint256 public admins;

    modifier only(bytes32 role) {
        if (!hasRole[role][msg.sender]) revert Missing(role, msg.sender);
        _;
    }

    /// @param admin gives out the other roles; it has none of them itself
    constructor(address admin) {
        if (admin == address(0)) revert NoAccount();
        hasRole[ADMIN][admin] = true;
        admins = 1;
        emit RoleSet(ADMIN, admin, true, msg.sender);
    }

    /// @notice Gives a role to an account, or takes it.
    function setRole(bytes32 role, address account, bool has) external only(ADMIN) {
        if (account == address(0)) revert NoAccount();
        if (hasRole[role][account] == has) return;
        hasRole[role][account] = has;
        if (role == ADMIN) {
            admins = has ? admins + 1 : admins - 1;
            if (admins == 0) revert LastAdmin();
        }
        emit RoleSet(role, account, has, msg.sender);
    }

    /// @notice Lets nothing be spent until it is lifted. Cancelling stays possible.
    function setPaused(bool paused) external only(PAUSER) {
        isPaused = paused;
        emit PausedSet(paused, msg.sender);
    }

    /// @notice Spends points of an account.
    /// @param operation follows from the operation in the ledger, and is never used for another one
    /// @param amount in raw units
    /// @param deadline seconds since 1970; a block after it does nothing
    function spend(bytes32 operation, address account, uint256 amount, uint256 deadline) external only(SPENDER) {
        use(operation, account, amount, deadline);
    }

    /// @notice Spends points of the caller, with a voucher that a signer has signed.
    /// @param signature of the voucher (EIP-712): r, s and v, 65 bytes
    function redeem(
        bytes32 operation,
        address account,
        uint256 amount,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (msg.sender != account) revert NotYours(account);
        address signer = signerOf(hashVoucher(operation, account, amount, deadline), signature);
        if (!hasRole[SIGNER][signer]) revert Missing(SIGNER, signer);
        use(operation, account, amount, deadline);
    }

    /// @notice Sees to it that an operation is never spent.
    function cancel(bytes32 operation) external only(SPENDER) {
        if (operation == 0) revert NoOperation();
        if (statusOf[operation] != Status.None) revert Used(operation, statusOf[operation]);
        statusOf[operation] = Status.Cancelled;
        emit Cancelled(operation, msg.sender);
    }

    /// @notice What a signer signs. It is bound to this contract and to the chain that it is asked on, also after a fork.
    function hashVoucher(
        bytes32 operation,
        address account,
        uint256 amount,
        uint256 deadline
    ) public view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        bytes32 voucher = keccak256(abi.encode(VOUCHER, operation, account, amount, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, voucher));
    }

    function use(bytes32 operation, address account, uint256 amount, uint256 deadline) private {
        if (isPaused) revert IsPaused();
        if (operation == 0) revert NoOperation();
        if (account == address(0)) revert NoAccount();
        if (amount == 0) revert NoAmount();
        if (block.timestamp > deadline) revert Late(deadline);
        if (statusOf[operation] != Status.None) revert Used(operation, statusOf[operation]);
        statusOf[operation] = Status.Spent;
        emit Spent(operation, account, amount, msg.sender);
        take(account, amount);
    }

    /// @dev What a spend takes from the account on this chain: nothing, unless points are a token here. It takes all or reverts;
    /// the operation is used when it is called.
    function take(address account, uint256 amount) internal virtual {}

    function signerOf(bytes32 hash, bytes calldata signature) private pure returns (address signer) {
        if (signature.length != 65) revert BadSignature();
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > S_MAX || (v != 27 && v != 28)) revert BadSignature();
        signer = ecrecover(hash, v, r, s);
        if (signer == address(0)) revert BadSignature();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// Tokens as they are found on chains: each keeps balances in a way of its own, and looks at more than balances.

/// Approvals, which all of them have; each moves balances its own way.
abstract contract Approvals {
    mapping(address => mapping(address => uint256)) internal allowed;

    function approve(address spender, uint256 amount) public virtual returns (bool) {
        allowed[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) public returns (bool) {
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        allowed[from][msg.sender] -= amount;
        move(from, to, amount);
        return true;
    }

    function move(address from, address to, uint256 amount) internal virtual;
}

/// Laid out as Tether's: an owner and a switch, then balances, a fee in basis points, approvals, and blocked accounts.
contract BlockingToken {
    address internal owner;
    bool internal paused;
    mapping(address => uint256) public balanceOf;
    uint256 public basisPointsRate;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => bool) public isBlackListed;
    mapping(address => bool) public isExempt;

    constructor(uint256 supply, uint256 rate) {
        balanceOf[msg.sender] = supply;
        basisPointsRate = rate;
        isExempt[msg.sender] = true;
    }

    function approve(address spender, uint256 amount) external {
        require(amount == 0 || allowance[msg.sender][spender] == 0, 'approve first to 0');
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        move(from, to, amount);
    }

    function blockAccount(address account) external {
        isBlackListed[account] = true;
    }

    function move(address from, address to, uint256 amount) internal {
        require(!isBlackListed[from], 'blocked');
        require(!paused, 'paused');
        uint256 fee = isExempt[from] ? 0 : (amount * basisPointsRate) / 10000;
        balanceOf[from] -= amount;
        balanceOf[to] += amount - fee;
    }
}

/// Balances in a struct, inside a mapping of mappings.
contract NestedToken is Approvals {
    struct Account {
        uint64 nonce;
        bool frozen;
        uint256 balance;
    }

    mapping(bytes32 => mapping(address => Account)) internal accounts;

    constructor(uint256 supply) {
        accounts['main'][msg.sender].balance = supply;
    }

    function balanceOf(address account) external view returns (uint256) {
        return accounts['main'][account].balance;
    }

    function move(address from, address to, uint256 amount) internal override {
        require(!accounts['main'][from].frozen, 'frozen');
        accounts['main'][from].balance -= amount;
        accounts['main'][to].balance += amount;
    }
}

/// Balances in the low 255 bits, the highest bit blocks the account: as Circle's since version 2.2.
contract FlaggedToken is Approvals {
    mapping(address => uint256) internal balanceAndBlocked;

    constructor(uint256 supply) {
        balanceAndBlocked[msg.sender] = supply;
    }

    function balanceOf(address account) public view returns (uint256) {
        return balanceAndBlocked[account] & ((1 << 255) - 1);
    }

    function move(address from, address to, uint256 amount) internal override {
        require((balanceAndBlocked[from] | balanceAndBlocked[to]) >> 255 == 0, 'blocked');
        require(balanceOf(from) >= amount, 'too little');
        balanceAndBlocked[from] -= amount;
        balanceAndBlocked[to] += amount;
    }
}

/// The other way round: flags in the low byte, the balance behind them.
contract ShiftedToken is Approvals {
    struct Account {
        bool frozen;
        uint96 balance;
        uint64 since;
    }

    mapping(address => Account) internal accounts;

    constructor(uint256 supply) {
        accounts[msg.sender].balance = uint96(supply);
    }

    function balanceOf(address account) external view returns (uint256) {
        return accounts[account].balance;
    }

    function move(address from, address to, uint256 amount) internal override {
        require(!accounts[from].frozen && accounts[from].since == 0, 'frozen');
        accounts[from].balance -= uint96(amount);
        accounts[to].balance += uint96(amount);
    }
}

/// Balances are shares of a total that grows.
contract SharesToken is Approvals {
    uint256 internal total;
    uint256 internal totalShares;
    mapping(address => uint256) internal shares;

    constructor(uint256 supply) {
        total = supply;
        totalShares = (supply * 3) / 4;
        shares[msg.sender] = totalShares;
    }

    function balanceOf(address account) external view returns (uint256) {
        return (shares[account] * total) / totalShares;
    }

    function move(address from, address to, uint256 amount) internal override {
        uint256 moved = (amount * totalShares) / total;
        shares[from] -= moved;
        shares[to] += moved;
    }
}

/// Two balances for each account: those left out of the rewards have one as it is, the others one in huge units.
contract ReflectedToken is Approvals {
    mapping(address => uint256) internal reflected;
    mapping(address => uint256) internal plain;
    mapping(address => bool) internal isExcluded;
    uint256 internal rate;

    constructor(uint256 supply) {
        rate = (type(uint256).max - (type(uint256).max % supply)) / supply;
        reflected[msg.sender] = supply * rate;
    }

    function balanceOf(address account) external view returns (uint256) {
        return isExcluded[account] ? plain[account] : reflected[account] / rate;
    }

    function move(address from, address to, uint256 amount) internal override {
        if (isExcluded[from]) plain[from] -= amount;
        reflected[from] -= amount * rate;
        reflected[to] += amount * rate;
    }
}

/// Shows what is locked up together with what can be sent.
contract LockedToken is Approvals {
    mapping(address => uint256) internal locked;
    mapping(address => uint256) internal free;

    constructor(uint256 supply) {
        free[msg.sender] = supply;
    }

    function balanceOf(address account) external view returns (uint256) {
        return locked[account] + free[account];
    }

    function move(address from, address to, uint256 amount) internal override {
        free[from] -= amount;
        free[to] += amount;
    }
}

/// Keeps balances in another contract.
contract Ledger {
    mapping(address => uint256) public balances;

    constructor(address first, uint256 supply) {
        balances[first] = supply;
    }

    function move(address from, address to, uint256 amount) external {
        balances[from] -= amount;
        balances[to] += amount;
    }
}

contract OutsourcedToken is Approvals {
    Ledger internal ledger;

    constructor(uint256 supply) {
        ledger = new Ledger(msg.sender, supply);
    }

    function balanceOf(address account) external view returns (uint256) {
        return ledger.balances(account);
    }

    function move(address from, address to, uint256 amount) internal override {
        ledger.move(from, to, amount);
    }
}

/// A proxy (EIP-1967) of one of the above, which is constructed in its storage.
contract ProxiedToken {
    bytes32 private constant IMPLEMENTATION = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    constructor(address implementation, bytes memory start) {
        assembly {
            sstore(IMPLEMENTATION, implementation)
        }
        (bool ok, ) = implementation.delegatecall(start);
        require(ok, 'start');
    }

    fallback() external {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(IMPLEMENTATION), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }
}

/// To stand behind the proxy: a shares token that is begun by a call.
contract BegunSharesToken is SharesToken(4) {
    function begin(uint256 supply, address first) external {
        total = supply;
        totalShares = (supply * 3) / 4;
        shares[first] = totalShares;
    }
}

/// Knows balances by a number that each account is given: no single slot gives an account one.
contract NumberedToken is Approvals {
    mapping(address => uint256) internal numberOf;
    uint256[] internal balances;

    constructor(uint256 supply) {
        balances.push(0);
        balances.push(supply);
        numberOf[msg.sender] = 1;
    }

    function balanceOf(address account) external view returns (uint256) {
        return balances[numberOf[account]];
    }

    function move(address from, address to, uint256 amount) internal override {
        if (numberOf[to] == 0) {
            balances.push(0);
            numberOf[to] = balances.length - 1;
        }
        balances[numberOf[from]] -= amount;
        balances[numberOf[to]] += amount;
    }
}

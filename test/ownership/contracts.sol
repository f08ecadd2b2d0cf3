// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/** Takes claims as airdrops do. */
contract Airdrop {
    function isClaim(bytes32 root, address owner, uint256 amount, bytes32[] calldata proof) external pure returns (bool) {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(owner, amount))));
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }
}

/** Says that it is of ERC-721, and nothing else that could be relied on. */
abstract contract Says721 {
    function supportsInterface(bytes4 id) public view virtual returns (bool) {
        return id == 0x80ac58cd || id == 0x01ffc9a7;
    }
}

/** Reverts without a reason. */
contract Silent is Says721 {
    function balanceOf(address) external pure returns (uint256) {
        assembly { revert(0, 0) }
    }
    function ownerOf(uint256) external pure returns (address) {
        assembly { revert(0, 0) }
    }
}

/** Reverts with a reason. */
contract Refusing is Says721 {
    function balanceOf(address) external pure returns (uint256) {
        revert("no");
    }
    function ownerOf(uint256) external pure returns (address) {
        revert("no such token");
    }
}

/** Returns nothing. */
contract Empty is Says721 {
    fallback() external {}
}

/** Uses all the gas that it gets. */
contract GasEater is Says721 {
    fallback() external {
        assembly { for {} 1 {} {} }
    }
}

/** Returns about as much as the gas allows. */
contract ReturnBomb is Says721 {
    fallback() external {
        assembly { return(0, 300000) }
    }
}

/** Reverts with about as much as the gas allows. */
contract RevertBomb is Says721 {
    fallback() external {
        assembly { revert(0, 300000) }
    }
}

/** Answers every question with a word that is no address. */
contract DirtyWord is Says721 {
    fallback() external {
        assembly {
            mstore(0, not(0))
            return(0, 32)
        }
    }
}

/** Says yes to whoever asks which interface it has, as no contract of ERC-165 may. */
contract YesToAll {
    fallback() external {
        assembly {
            mstore(0, 1)
            return(0, 32)
        }
    }
}

/** Holds tokens for those who staked them. */
contract Staking {
    mapping(uint256 => address) public stakerOf;
    mapping(address => uint256) public stakedBalance;

    function stake(address collection, uint256 tokenId) external {
        stakerOf[tokenId] = msg.sender;
        stakedBalance[msg.sender]++;
        (bool done, ) = collection.call(
            abi.encodeWithSignature("transferFrom(address,address,uint256)", msg.sender, address(this), tokenId)
        );
        require(done, "not transferred");
    }
}

/** Two implementations behind one address. */
contract Owned is Says721 {
    address private immutable owner;
    constructor(address of_) { owner = of_; }
    function ownerOf(uint256) external view returns (address) { return owner; }
    function balanceOf(address account) external view returns (uint256) { return account == owner ? 1 : 0; }
}

contract NotOwned {
    function supportsInterface(bytes4 id) external pure returns (bool) { return id == 0x01ffc9a7; }
    function balanceOf(address) external pure returns (uint256) { return 7; }
}

contract Proxy {
    address public implementation;
    constructor(address first) { implementation = first; }
    function upgrade(address next) external { implementation = next; }
    fallback() external {
        address to = implementation;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), to, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done case 0 { revert(0, returndatasize()) } default { return(0, returndatasize()) }
        }
    }
}

/** CryptoPunks as far as owners go. */
contract Punks {
    mapping(uint256 => address) public punkIndexToAddress;
    mapping(address => uint256) public balanceOf;
    function give(address to, uint256 index) external {
        punkIndexToAddress[index] = to;
        balanceOf[to]++;
    }
}

/** An account that takes what its owner's key has signed (EIP-1271). */
contract Wallet {
    address private immutable owner;
    constructor(address of_) { owner = of_; }
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (bytes32 r, bytes32 s, uint8 v) = (bytes32(signature[0:32]), bytes32(signature[32:64]), uint8(signature[64]));
        return ecrecover(hash, v, r, s) == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/** Deploys such accounts at addresses that are known before. */
contract WalletFactory {
    function addressOf(address owner) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(Wallet).creationCode, abi.encode(owner)));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), bytes32(0), code)))));
    }
    function deploy(address owner) external { new Wallet{salt: 0}(owner); }
}

/** Tokens whose metadata is where their owner says, which is told of as ERC-4906 has it. */
contract Art is Says721 {
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    event MetadataUpdate(uint256 tokenId);
    event BatchMetadataUpdate(uint256 fromTokenId, uint256 toTokenId);

    mapping(address => uint256) public balanceOf;
    mapping(uint256 => address) private owners;
    mapping(uint256 => string) private uris;

    function mint(address to, uint256 id, string calldata uri) external {
        owners[id] = to;
        balanceOf[to]++;
        uris[id] = uri;
        emit Transfer(address(0), to, id);
    }
    function change(uint256 id, string calldata uri) external {
        uris[id] = uri;
        emit MetadataUpdate(id);
    }
    function changeAll() external { emit BatchMetadataUpdate(0, type(uint256).max); }
    function ownerOf(uint256 id) public view returns (address) {
        require(owners[id] != address(0), "no such token");
        return owners[id];
    }
    function tokenURI(uint256 id) external view returns (string memory) {
        ownerOf(id);
        if (id == 99) { while (true) {} }
        return uris[id];
    }
}

/** Delegations with the functions of the registry of delegate.xyz, version 2. */
contract Registry {
    enum DelegationType { NONE, ALL, CONTRACT, ERC721, ERC20, ERC1155 }
    struct Delegation {
        DelegationType type_;
        address to;
        address from;
        bytes32 rights;
        address contract_;
        uint256 tokenId;
        uint256 amount;
    }

    Delegation[] private all;

    function put(DelegationType type_, address to, bytes32 rights, address at, uint256 id, uint256 amount) private {
        for (uint256 i = 0; i < all.length; i++) {
            Delegation storage d = all[i];
            if (d.from == msg.sender && d.to == to && d.rights == rights && d.contract_ == at && d.tokenId == id) {
                if (d.type_ == type_ || d.type_ == DelegationType.NONE) {
                    d.type_ = amount == 0 ? DelegationType.NONE : type_;
                    d.amount = amount;
                    return;
                }
            }
        }
        all.push(Delegation(type_, to, msg.sender, rights, at, id, amount));
    }
    function delegateAll(address to, bytes32 rights, bool enable) external {
        put(DelegationType.ALL, to, rights, address(0), 0, enable ? 1 : 0);
    }
    function delegateContract(address to, address at, bytes32 rights, bool enable) external {
        put(DelegationType.CONTRACT, to, rights, at, 0, enable ? 1 : 0);
    }
    function delegateERC721(address to, address at, uint256 id, bytes32 rights, bool enable) external {
        put(DelegationType.ERC721, to, rights, at, id, enable ? 1 : 0);
    }
    function delegateERC20(address to, address at, bytes32 rights, uint256 amount) external {
        put(DelegationType.ERC20, to, rights, at, 0, amount);
    }
    function delegateERC1155(address to, address at, uint256 id, bytes32 rights, uint256 amount) external {
        put(DelegationType.ERC1155, to, rights, at, id, amount);
    }

    function getIncomingDelegations(address to) external view returns (Delegation[] memory found) {
        uint256 count;
        for (uint256 i = 0; i < all.length; i++) if (isOf(all[i], to)) count++;
        found = new Delegation[](count);
        count = 0;
        for (uint256 i = 0; i < all.length; i++) if (isOf(all[i], to)) found[count++] = all[i];
    }
    function isOf(Delegation storage d, address to) private view returns (bool) {
        return d.to == to && d.type_ != DelegationType.NONE;
    }
    function amountOf(DelegationType type_, address to, address from, bytes32 rights, address at, uint256 id)
        private view returns (uint256 most)
    {
        for (uint256 i = 0; i < all.length; i++) {
            Delegation storage d = all[i];
            if (d.type_ != type_ || d.to != to || d.from != from || d.contract_ != at || d.tokenId != id) continue;
            if (d.rights != 0 && d.rights != rights) continue;
            if (d.amount > most) most = d.amount;
        }
    }
    function checkDelegateForAll(address to, address from, bytes32 rights) public view returns (bool) {
        return amountOf(DelegationType.ALL, to, from, rights, address(0), 0) > 0;
    }
    function checkDelegateForContract(address to, address from, address at, bytes32 rights) public view returns (bool) {
        return checkDelegateForAll(to, from, rights)
            || amountOf(DelegationType.CONTRACT, to, from, rights, at, 0) > 0;
    }
    function checkDelegateForERC721(address to, address from, address at, uint256 id, bytes32 rights)
        external view returns (bool)
    {
        return checkDelegateForContract(to, from, at, rights)
            || amountOf(DelegationType.ERC721, to, from, rights, at, id) > 0;
    }
    function checkDelegateForERC20(address to, address from, address at, bytes32 rights)
        external view returns (uint256)
    {
        if (checkDelegateForContract(to, from, at, rights)) return type(uint256).max;
        return amountOf(DelegationType.ERC20, to, from, rights, at, 0);
    }
    function checkDelegateForERC1155(address to, address from, address at, uint256 id, bytes32 rights)
        external view returns (uint256)
    {
        if (checkDelegateForContract(to, from, at, rights)) return type(uint256).max;
        return amountOf(DelegationType.ERC1155, to, from, rights, at, id);
    }
}

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

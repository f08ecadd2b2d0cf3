// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/**
 * Whether an account takes a signature (EIP-1271), also one that is not deployed yet (EIP-6492): what the signer names is
 * deployed for the length of the call. It is never deployed itself: its code is lent to an account for one eth_call, and
 * nothing of what happens in it stays.
 *
 * Neither the account nor the factory is trusted: each gets a fixed amount of gas, and no more than a word of the answer is
 * copied. Where the node gives less gas than they may need, the call fails as a whole rather than answer with a no.
 */
contract SignatureLens {
    uint256 private constant GAS_OF_FACTORY = 6_000_000;
    uint256 private constant GAS_OF_ACCOUNT = 2_000_000;

    /** 0: it does not take it. 1: it does. 2: there is no contract. */
    function verify(address account, bytes32 hash, address factory, bytes calldata deployment, bytes calldata signature)
        external
        returns (uint256)
    {
        if (account.code.length == 0 && factory != address(0)) {
            bytes memory making = deployment;
            require(gasleft() > GAS_OF_FACTORY + GAS_OF_ACCOUNT + 500_000);
            assembly {
                pop(call(GAS_OF_FACTORY, factory, 0, add(making, 32), mload(making), 0, 0))
            }
        }
        if (account.code.length == 0) return 2;
        bytes memory asking = abi.encodeWithSelector(0x1626ba7e, hash, signature);
        require(gasleft() > GAS_OF_ACCOUNT + 200_000);
        bool isTaken;
        assembly {
            mstore(0, 0)
            let isDone := staticcall(GAS_OF_ACCOUNT, account, add(asking, 32), mload(asking), 0, 32)
            isTaken := and(and(isDone, gt(returndatasize(), 31)), eq(shr(224, mload(0)), 0x1626ba7e))
        }
        return isTaken ? 1 : 0;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/**
 * Asks contracts many questions in one call. It is never deployed: its code is lent to an account for one eth_call.
 *
 * The contracts are not trusted. Each call gets a fixed amount of gas, at most 32 bytes of its answer are copied, and one
 * that fails takes nothing away from the others.
 *
 * Calldata: 4 bytes, the gas of each call; then for each question 20 bytes of the contract, 2 bytes the length of the
 * calldata (at most 1024), and that calldata. Returned, for each question in its order: 1 byte that says what happened, and
 * 32 bytes of the answer. Where the gas runs short the last questions have no answer: they are to be asked again.
 *
 * 1: the answer is one word; 17: so it is, and it is the address of a contract. 2: the call reverts with data. 3: it fails
 * without any. 4: the account has no code. 5: the answer is not one word.
 */
contract OwnerLens {
    /** Gas that has to be left beside that of a call: the answers are copied, and a contract's code is looked at. */
    uint256 private constant REST = 60_000;

    fallback() external {
        assembly {
            // Calldata of a call is put together at 0, its answer comes to 0x600, and the results begin at 0x800.
            let each := shr(224, calldataload(0))
            // Of what is left, a call gets 63 of 64 parts at most (EIP-150).
            let gasMin := add(add(each, div(each, 32)), REST)
            let result := 0x800
            for { let at := 4 } lt(at, calldatasize()) {} {
                if lt(gas(), gasMin) { break }
                let target := shr(96, calldataload(at))
                let size := and(shr(80, calldataload(at)), 0xffff)
                at := add(at, 22)
                let told := 4
                let answer := 0
                if extcodesize(target) {
                    if gt(size, 1024) { revert(0, 0) }
                    calldatacopy(0, at, size)
                    mstore(0x600, 0)
                    let isDone := staticcall(each, target, 0, size, 0x600, 32)
                    told := add(3, mul(2, isDone))
                    if iszero(isDone) { if returndatasize() { told := 2 } }
                    if and(isDone, eq(returndatasize(), 32)) {
                        told := 1
                        answer := mload(0x600)
                        if and(iszero(shr(160, answer)), gt(answer, 0xffff)) {
                            let code := extcodesize(answer)
                            // An account that is delegated (EIP-7702) has code of 23 bytes that begins with 0xef0100.
                            if eq(code, 23) {
                                extcodecopy(answer, 0x600, 0, 32)
                                if eq(shr(232, mload(0x600)), 0xef0100) { code := 0 }
                            }
                            if code { told := 17 }
                        }
                    }
                }
                mstore8(result, told)
                mstore(add(result, 1), answer)
                result := add(result, 33)
                at := add(at, size)
            }
            return(0x800, sub(result, 0x800))
        }
    }
}

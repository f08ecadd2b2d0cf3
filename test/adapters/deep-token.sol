// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Keeps balances behind many other variables.
contract DeepToken {
    uint256[40] private before;
    mapping(address => uint256) public balanceOf;

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }
}

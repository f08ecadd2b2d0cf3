// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title An ERC-20 that moves tokens in one of the ways that are found on chains.
contract OddToken {
    enum Way {
        /// Answers nothing, as USDT does.
        Mute,
        /// Answers false, and moves nothing.
        False,
        /// Keeps a hundredth.
        Fee,
        Reverts
    }

    Way public way;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    constructor(Way way_, address owner, uint256 supply) {
        way = way_;
        balanceOf[owner] = supply;
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
    }

    function transferFrom(address from, address to, uint256 value) external {
        require(way != Way.Reverts, "not today");
        if (way != Way.False) {
            balanceOf[from] -= value;
            balanceOf[to] += way == Way.Fee ? value - value / 100 : value;
            if (way == Way.Mute) return;
        }
        bool answer = way != Way.False;
        assembly {
            mstore(0, answer)
            return(0, 32)
        }
    }
}

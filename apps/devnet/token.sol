// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title An ERC-20 token of a fixed supply whose decimals can be chosen.
/// @notice For the development chain only: the presets that npm ships all have 18 decimals, and interfaces must be
/// tried with the 6 and 8 that dollars and bitcoin have.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    string public name;
    string public symbol;
    uint8 public immutable decimals;
    uint256 public immutable totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    /// @param supply in the smallest unit, all of it to `owner`
    constructor(string memory name_, string memory symbol_, uint8 decimals_, uint256 supply, address owner) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        totalSupply = supply;
        balanceOf[owner] = supply;
        emit Transfer(address(0), owner, supply);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        // An allowance of the whole range is for ever, as WETH9 and OpenZeppelin have it.
        if (allowance[from][msg.sender] != type(uint256).max) allowance[from][msg.sender] -= value;
        move(from, to, value);
        return true;
    }

    /// @dev Checked arithmetic is the balance check.
    function move(address from, address to, uint256 value) private {
        require(to != address(0), "Token: transfer to the zero address");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

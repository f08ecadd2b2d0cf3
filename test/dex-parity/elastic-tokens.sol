// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/** A token whose balances follow a factor, which changes without a word, or with one. */
contract ElasticToken {
    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed owner, address indexed spender, uint256 amount);
    event LogRebase(uint256 indexed epoch, uint256 totalSupply);

    uint256 public factor = 100;
    uint256 public totalShares;
    mapping(address => uint256) public shares;
    mapping(address => mapping(address => uint256)) public allowance;

    constructor(uint256 supply) {
        totalShares = supply;
        shares[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function balanceOf(address account) public view returns (uint256) {
        return (shares[account] * factor) / 100;
    }

    function totalSupply() external view returns (uint256) {
        return (totalShares * factor) / 100;
    }

    function rebase(uint256 to, bool tell) external {
        factor = to;
        if (tell) emit LogRebase(1, (totalShares * factor) / 100);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return move(from, to, amount);
    }

    function move(address from, address to, uint256 amount) internal virtual returns (bool) {
        uint256 moved = (amount * 100) / factor;
        shares[from] -= moved;
        shares[to] += moved;
        emit Transfer(from, to, amount);
        return true;
    }
}

/** A token that keeps a hundredth of what is sent, and tells of all of it as if it had arrived. */
contract SilentFeeToken is ElasticToken {
    constructor(uint256 supply) ElasticToken(supply) {}

    function move(address from, address to, uint256 amount) internal override returns (bool) {
        shares[from] -= amount;
        shares[to] += amount - amount / 100;
        totalShares -= amount / 100;
        emit Transfer(from, to, amount);
        return true;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
}

/// A pair with the curves, the rounding and the interface of Solidly and its forks, for tests: written after their
/// published formulas. `strict` pairs solve the stable curve as Velodrome V2 does, the others as Solidly does.
contract SolidlyPair {
    address public immutable factory;
    address public immutable token0;
    address public immutable token1;
    bool public immutable stable;
    bool private immutable strict;
    uint256 private immutable unit0;
    uint256 private immutable unit1;
    uint256 private reserve0;
    uint256 private reserve1;
    uint256 private surcharge;

    event Sync(uint256 reserve0, uint256 reserve1);
    event Fees(address indexed sender, uint256 amount0, uint256 amount1);
    event Swap(address indexed sender, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);
    event Swap(address indexed sender, address indexed to, uint256 in0, uint256 in1, uint256 out0, uint256 out1);

    constructor(address tokenA, address tokenB, uint256 unitA, uint256 unitB, bool isStable, bool isStrict) {
        (factory, token0, token1) = (msg.sender, tokenA, tokenB);
        (unit0, unit1, stable, strict) = (unitA, unitB, isStable, isStrict);
    }

    function getReserves() external view returns (uint256, uint256, uint256) {
        return (reserve0, reserve1, block.timestamp);
    }

    function metadata() external view returns (uint256, uint256, uint256, uint256, bool, address, address) {
        return (unit0, unit1, reserve0, reserve1, stable, token0, token1);
    }

    function sync() public {
        reserve0 = Token(token0).balanceOf(address(this));
        reserve1 = Token(token1).balanceOf(address(this));
        emit Sync(reserve0, reserve1);
    }

    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256) {
        amountIn -= feeOf(amountIn);
        bool isFirst = tokenIn == token0;
        (uint256 reserveIn, uint256 reserveOut) = isFirst ? (reserve0, reserve1) : (reserve1, reserve0);
        if (!stable) return (amountIn * reserveOut) / (reserveIn + amountIn);
        (uint256 unitIn, uint256 unitOut) = isFirst ? (unit0, unit1) : (unit1, unit0);
        uint256 y = (reserveOut * 1e18) / unitOut;
        uint256 x = (amountIn * 1e18) / unitIn + (reserveIn * 1e18) / unitIn;
        uint256 product = k(reserve0, reserve1);
        return ((y - (strict ? solveStrictly(x, product, y) : solve(x, product, y))) * unitOut) / 1e18;
    }

    function swap(uint256 out0, uint256 out1, address to, bytes calldata) external {
        require(out0 > 0 || out1 > 0, 'no output');
        require(out0 < reserve0 && out1 < reserve1, 'no liquidity');
        if (out0 > 0) Token(token0).transfer(to, out0);
        if (out1 > 0) Token(token1).transfer(to, out1);
        uint256 in0 = Token(token0).balanceOf(address(this)) + out0 - reserve0;
        uint256 in1 = Token(token1).balanceOf(address(this)) + out1 - reserve1;
        require(in0 > 0 || in1 > 0, 'no input');
        if (in0 > 0) payFee(token0, feeOf(in0), 0);
        if (in1 > 0) payFee(token1, 0, feeOf(in1));
        uint256 before = k(reserve0, reserve1);
        sync();
        require(k(reserve0, reserve1) >= before, 'K');
        if (strict) emit Swap(msg.sender, to, in0, in1, out0, out1);
        else emit Swap(msg.sender, in0, in1, out0, out1, to);
    }

    function payFee(address token, uint256 fee0, uint256 fee1) private {
        Token(token).transfer(factory, fee0 + fee1);
        emit Fees(msg.sender, fee0, fee1);
    }

    /// What no pair of the design has: a part of its fee that the factory does not tell.
    function setSurcharge(uint256 fee) external {
        surcharge = fee;
    }

    function feeOf(uint256 amount) private view returns (uint256) {
        SolidlyFactory owner = SolidlyFactory(factory);
        uint256 fee = strict ? owner.getFee(address(this), stable) : owner.getFee(stable);
        return (amount * (fee + surcharge)) / 10000;
    }

    function k(uint256 x, uint256 y) private view returns (uint256) {
        return stable ? curve((x * 1e18) / unit0, (y * 1e18) / unit1) : x * y;
    }

    function curve(uint256 x, uint256 y) private pure returns (uint256) {
        return (((x * y) / 1e18) * ((x * x) / 1e18 + (y * y) / 1e18)) / 1e18;
    }

    function cubes(uint256 x, uint256 y) private pure returns (uint256) {
        return (x * ((((y * y) / 1e18) * y) / 1e18)) / 1e18 + (((((x * x) / 1e18) * x) / 1e18) * y) / 1e18;
    }

    function slope(uint256 x, uint256 y) private pure returns (uint256) {
        return (3 * x * ((y * y) / 1e18)) / 1e18 + (((x * x) / 1e18) * x) / 1e18;
    }

    function solve(uint256 x, uint256 wanted, uint256 y) private pure returns (uint256) {
        for (uint256 i = 0; i < 255; i++) {
            uint256 last = y;
            uint256 now_ = cubes(x, y);
            if (now_ < wanted) y += ((wanted - now_) * 1e18) / slope(x, y);
            else y -= ((now_ - wanted) * 1e18) / slope(x, y);
            if ((y > last ? y - last : last - y) <= 1) return y;
        }
        return y;
    }

    function solveStrictly(uint256 x, uint256 wanted, uint256 y) private view returns (uint256) {
        for (uint256 i = 0; i < 255; i++) {
            uint256 now_ = curve(x, y);
            bool isBelow = now_ < wanted;
            uint256 move = ((isBelow ? wanted - now_ : now_ - wanted) * 1e18) / slope(x, y);
            if (move == 0) {
                if (now_ == wanted) return y;
                if (isBelow && k(x, y + 1) > wanted) return y + 1;
                if (!isBelow && curve(x, y - 1) < wanted) return y;
                move = 1;
            }
            y = isBelow ? y + move : y - move;
        }
        revert('no end');
    }
}

contract SolidlyFactory {
    bool public immutable strict;
    mapping(bool => uint256) private fees;
    mapping(address => uint256) private ownFees;
    address[] public pairs;

    event PairCreated(address indexed token0, address indexed token1, bool stable, address pair, uint256 count);
    event PoolCreated(address indexed token0, address indexed token1, bool indexed stable, address pool, uint256 count);

    constructor(bool isStrict) {
        strict = isStrict;
        (fees[false], fees[true]) = (30, 5);
    }

    function setFee(bool stable, uint256 fee) external {
        fees[stable] = fee;
    }

    function setCustomFee(address pair, uint256 fee) external {
        ownFees[pair] = fee;
    }

    function getFee(bool stable) external view returns (uint256) {
        require(!strict, 'asked without a pool');
        return fees[stable];
    }

    function getFee(address pair, bool stable) external view returns (uint256) {
        require(strict, 'asked for a pool');
        return ownFees[pair] > 0 ? ownFees[pair] : fees[stable];
    }

    function create(address token0, address token1, uint256 unit0, uint256 unit1, bool stable) external {
        SolidlyPair pair = new SolidlyPair(token0, token1, unit0, unit1, stable, strict);
        pairs.push(address(pair));
        if (strict) emit PoolCreated(token0, token1, stable, address(pair), pairs.length);
        else emit PairCreated(token0, token1, stable, address(pair), pairs.length);
    }
}

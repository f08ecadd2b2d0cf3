// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Factory {
    function createPair(address tokenA, address tokenB) external returns (address pair);
}

interface Pair {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 time);
    function mint(address to) external returns (uint256 liquidity);
    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

/// Just enough of a token for a pair.
contract LoadToken {
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor() {
        balanceOf[msg.sender] = 1e32;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

/// Fills blocks with swaps of real Uniswap V2 pairs: many a transaction, in pairs, directions and amounts of all kinds.
contract SwapLoad {
    Factory private immutable factory;
    Pair[] public pairs;

    constructor(Factory factory_) {
        factory = factory_;
    }

    function addPairs(uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            LoadToken a = new LoadToken();
            LoadToken b = new LoadToken();
            Pair pair = Pair(factory.createPair(address(a), address(b)));
            a.transfer(address(pair), 1e24 * (1 + (i % 7)));
            b.transfer(address(pair), 1e24 * (1 + (i % 5)));
            pair.mint(address(this));
            pairs.push(pair);
        }
    }

    function run(uint256 swaps, uint256 seed) external {
        for (uint256 i = 0; i < swaps; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            Pair pair = pairs[seed % pairs.length];
            bool zeroForOne = (seed >> 128) & 1 == 0;
            uint256 amountIn = 1e18 + ((seed >> 140) % 1e20);
            (uint256 reserve0, uint256 reserve1, ) = pair.getReserves();
            (uint256 reserveIn, uint256 reserveOut) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
            uint256 amountOut = (amountIn * 997 * reserveOut) / (reserveIn * 1000 + amountIn * 997);
            LoadToken(zeroForOne ? pair.token0() : pair.token1()).transfer(address(pair), amountIn);
            pair.swap(zeroForOne ? 0 : amountOut, zeroForOne ? amountOut : 0, address(this), "");
        }
    }
}

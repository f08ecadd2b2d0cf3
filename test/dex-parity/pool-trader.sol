// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface AlgebraPool {
    function mint(address sender, address owner, int24 lower, int24 upper, uint128 liquidity, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1, uint128 actual);
}

interface UniswapPool {
    function mint(address owner, int24 lower, int24 upper, uint128 liquidity, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

/// Adds liquidity to pools with ticks and trades with them, for tests: their callbacks have names of their own, and the same
/// arguments. Pays from whoever calls.
contract PoolTrader {
    struct Payer {
        address account;
        address token0;
        address token1;
    }

    function mintAlgebra(address pool, address[2] calldata tokens, int24 lower, int24 upper, uint128 liquidity) external {
        AlgebraPool(pool).mint(msg.sender, msg.sender, lower, upper, liquidity, payer(tokens));
    }

    function mintUniswap(address pool, address[2] calldata tokens, int24 lower, int24 upper, uint128 liquidity) external {
        UniswapPool(pool).mint(msg.sender, lower, upper, liquidity, payer(tokens));
    }

    function swap(address pool, address[2] calldata tokens, bool zeroForOne, int256 amount, uint160 limit)
        external
        returns (int256 amount0, int256 amount1)
    {
        return UniswapPool(pool).swap(msg.sender, zeroForOne, amount, limit, payer(tokens));
    }

    function payer(address[2] calldata tokens) private view returns (bytes memory) {
        return abi.encode(Payer(msg.sender, tokens[0], tokens[1]));
    }

    /// What a pool asks for after a mint or a swap; what it gives is below zero.
    fallback() external {
        (int256 amount0, int256 amount1, bytes memory data) = abi.decode(msg.data[4:], (int256, int256, bytes));
        Payer memory from = abi.decode(data, (Payer));
        if (amount0 > 0) Token(from.token0).transferFrom(from.account, msg.sender, uint256(amount0));
        if (amount1 > 0) Token(from.token1).transferFrom(from.account, msg.sender, uint256(amount1));
    }
}

/// Makes pools of PancakeSwap V3 for its factory, as the deployer that its package leaves out does.
contract PancakeDeployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    /// Has the pools' creation code as its own, behind a byte that stops whoever calls it: storage would cost too much.
    address private immutable keeper;

    constructor(bytes memory code) {
        // Returns what stands behind these eleven bytes.
        bytes memory keeping = abi.encodePacked(hex'600b5981380380925939f3', hex'00', code);
        address kept;
        assembly {
            kept := create(0, add(keeping, 0x20), mload(keeping))
        }
        require(kept != address(0), 'not kept');
        keeper = kept;
    }

    function deploy(address factory, address token0, address token1, uint24 fee, int24 tickSpacing)
        external
        returns (address pool)
    {
        parameters = Parameters(factory, token0, token1, fee, tickSpacing);
        address kept = keeper;
        assembly {
            let size := sub(extcodesize(kept), 1)
            let place := mload(0x40)
            extcodecopy(kept, place, 1, size)
            pool := create(0, place, size)
        }
        require(pool != address(0), 'not made');
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

struct PoolKey {
    address currency0;
    address currency1;
    uint24 fee;
    int24 tickSpacing;
    address hooks;
}

struct SwapParams {
    bool zeroForOne;
    int256 amountSpecified;
    uint160 sqrtPriceLimitX96;
}

struct ModifyLiquidityParams {
    int24 tickLower;
    int24 tickUpper;
    int256 liquidityDelta;
    bytes32 salt;
}

interface PoolManager {
    function unlock(bytes calldata data) external returns (bytes memory);
    function swap(PoolKey memory key, SwapParams memory params, bytes calldata hookData) external returns (int256 delta);
    function modifyLiquidity(PoolKey memory key, ModifyLiquidityParams memory params, bytes calldata hookData)
        external
        returns (int256 callerDelta, int256 feesAccrued);
    function sync(address currency) external;
    function settle() external payable returns (uint256 paid);
    function take(address currency, address to, uint256 amount) external;
    function extsload(bytes32 slot) external view returns (bytes32 value);
}

interface Token {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// Trades with a V4 pool for whoever calls, pays with the caller's tokens, and tells the pool's state behind it.
contract V4Trader {
    PoolManager private immutable manager;
    /// Where the manager's storage has its pools.
    uint256 private constant POOLS_SLOT = 6;

    constructor(PoolManager manager_) {
        manager = manager_;
    }

    /// Amounts are the caller's: negative where it pays.
    function swap(PoolKey calldata key, SwapParams calldata params)
        external
        returns (int128 amount0, int128 amount1, uint160 sqrtPriceX96, int24 tick, uint128 liquidity)
    {
        bytes memory call = abi.encodeCall(PoolManager.swap, (key, params, ""));
        (amount0, amount1) = trade(key, call);
        uint256 pool = uint256(keccak256(abi.encode(keccak256(abi.encode(key)), POOLS_SLOT)));
        uint256 slot0 = uint256(manager.extsload(bytes32(pool)));
        sqrtPriceX96 = uint160(slot0);
        tick = int24(int256(slot0 >> 160));
        liquidity = uint128(uint256(manager.extsload(bytes32(pool + 3))));
    }

    function modify(PoolKey calldata key, int24 lower, int24 upper, int256 liquidity) external {
        ModifyLiquidityParams memory params = ModifyLiquidityParams(lower, upper, liquidity, 0);
        trade(key, abi.encodeCall(PoolManager.modifyLiquidity, (key, params, "")));
    }

    function trade(PoolKey calldata key, bytes memory call) private returns (int128 amount0, int128 amount1) {
        bytes memory result = manager.unlock(abi.encode(msg.sender, key, call));
        int256 delta = abi.decode(result, (int256));
        return (int128(delta >> 128), int128(delta));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        require(msg.sender == address(manager), "not the manager");
        (address trader, PoolKey memory key, bytes memory call) = abi.decode(data, (address, PoolKey, bytes));
        (bool success, bytes memory result) = address(manager).call(call);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
        int256 delta;
        assembly ("memory-safe") {
            delta := mload(add(result, 0x20))
        }
        settle(trader, key.currency0, int128(delta >> 128));
        settle(trader, key.currency1, int128(delta));
        return abi.encode(delta);
    }

    function settle(address trader, address currency, int256 amount) private {
        if (amount > 0) {
            manager.take(currency, trader, uint256(amount));
        } else if (amount < 0 && currency == address(0)) {
            // The native currency is paid from what this contract holds.
            manager.settle{value: uint256(-amount)}();
        } else if (amount < 0) {
            manager.sync(currency);
            Token(currency).transferFrom(trader, address(manager), uint256(-amount));
            manager.settle();
        }
    }
}

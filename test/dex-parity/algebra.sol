// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IntegralPool {
    function setFee(uint16 fee) external;
}

/// A plugin for pools of Algebra Integral that charges what it is told to, for tests.
contract TestPlugin {
    /// In place of the pool's fee, twice as much where token1 comes in, and on top of it, in pips; 0: nothing.
    uint24 public overrideFee;
    uint24 public pluginFee;
    /// What each swap sets the pool's own fee to; 0: nothing.
    uint16 public poolFee;

    /// From this amount on a swap is charged a pip more; 0: never.
    int256 public dearFrom;

    function defaultPluginConfig() external pure returns (uint8) {
        return 1;
    }

    function charge(uint24 instead, uint24 onTop, uint16 own) external {
        (overrideFee, pluginFee, poolFee) = (instead, onTop, own);
    }

    function chargeMoreFrom(int256 amount) external {
        dearFrom = amount;
    }

    function getCurrentFee() external view returns (uint16) {
        return poolFee;
    }

    function handlePluginFee(uint256, uint256) external pure returns (bytes4) {
        return this.handlePluginFee.selector;
    }

    function beforeSwap(address, address, bool zeroForOne, int256 amount, uint160, bool, bytes calldata)
        external
        returns (bytes4, uint24, uint24)
    {
        if (poolFee > 0) IntegralPool(msg.sender).setFee(poolFee);
        uint24 fee = zeroForOne ? overrideFee : overrideFee * 2;
        if (dearFrom > 0 && amount >= dearFrom) fee++;
        return (this.beforeSwap.selector, fee, pluginFee);
    }
}

interface PaidToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
}

interface Payer {
    function algebraSwapCallback(int256 amount0, int256 amount1, bytes calldata data) external;
}

/// A pool as Algebra V1 has them where each direction has a fee of its own, as on Camelot: its state and its event of fees
/// have two. One position over all prices, exact input alone, and prices that stay within a word of ticks.
contract DirectionalPool {
    event Initialize(uint160 price, int24 tick);
    event Fee(uint16 feeZto, uint16 feeOtz);
    event Swap(
        address indexed sender,
        address indexed recipient,
        int256 amount0,
        int256 amount1,
        uint160 price,
        uint128 liquidity,
        int24 tick
    );

    PaidToken public token0;
    PaidToken public token1;
    uint128 public liquidity = 10 ** 18;
    int24 public constant tickSpacing = 60;
    uint256 private price;
    int24 private tick;
    uint16[2] private fees;
    bool private hasLimitOrders;

    constructor(PaidToken first, PaidToken second, uint160 startPrice, int24 startTick) {
        (token0, token1, price, tick) = (first, second, startPrice, startTick);
        emit Initialize(startPrice, startTick);
    }

    function setFees(uint16 feeZto, uint16 feeOtz) external {
        fees = [feeZto, feeOtz];
        emit Fee(feeZto, feeOtz);
    }

    /// The state then looks as that of a version with limit orders, which names the tick below before the fee.
    function setLimitOrders(bool has) external {
        hasLimitOrders = has;
    }

    function globalState() external view returns (uint160, int24, int24, uint16, uint16, uint8, uint8, bool) {
        return (uint160(price), tick, hasLimitOrders ? -887220 : int24(uint24(fees[0])), fees[1], 0, 0, 0, true);
    }

    function tickTable(int16) external pure returns (uint256) {
        return 0;
    }

    function swap(address to, bool zeroForOne, int256 amount, uint160, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1)
    {
        uint256 paid = (uint256(amount) * (1_000_000 - fees[zeroForOne ? 0 : 1])) / 1_000_000;
        uint256 all = uint256(liquidity) << 96;
        uint256 next;
        if (zeroForOne) {
            uint256 under = all + paid * price;
            next = (all * price + under - 1) / under;
            (amount0, amount1) = (amount, -int256((liquidity * (price - next)) >> 96));
        } else {
            next = price + (paid << 96) / liquidity;
            (amount0, amount1) = (-int256((all * (next - price)) / next / price), amount);
        }
        price = next;
        PaidToken sold = zeroForOne ? token0 : token1;
        uint256 had = sold.balanceOf(address(this));
        if (zeroForOne) token1.transfer(to, uint256(-amount1));
        else token0.transfer(to, uint256(-amount0));
        Payer(msg.sender).algebraSwapCallback(amount0, amount1, data);
        require(sold.balanceOf(address(this)) >= had + uint256(amount), 'not paid');
        emit Swap(msg.sender, to, amount0, amount1, uint160(price), liquidity, tick);
    }
}

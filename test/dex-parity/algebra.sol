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

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
    function balanceOf(address account) external view returns (uint256);
}

interface Pair {
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 time);
    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

interface SolidlyPair {
    function getReserves() external view returns (uint256 reserve0, uint256 reserve1, uint256 time);
    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256);
}

interface Pool {
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

interface Manager {
    struct Key {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }

    struct Params {
        bool zeroForOne;
        int256 amount;
        uint160 limit;
    }

    function unlock(bytes calldata data) external returns (bytes memory);
    function swap(Key calldata key, Params calldata params, bytes calldata data) external returns (int256 delta);
    function sync(address currency) external;
    function settle() external payable returns (uint256 paid);
    function take(address currency, address to, uint256 amount) external;
}

/// Sells through pools themselves, for routes that no router is configured for. Never deployed: lent to an address for
/// the length of one `eth_call`, so it guards against nobody.
contract PoolRouter {
    struct Hop {
        /// 2, 3 or 4: the version of Uniswap; 5 a pair of Solidly, 6 one of Velodrome V2; 7 a pool of Algebra V1, 8
        /// one of Algebra Integral.
        uint256 kind;
        /// A pair, a pool, or the manager of a V4 pool.
        address target;
        bool zeroForOne;
        address token0;
        address token1;
        /// In hundredths of a basis point.
        uint256 fee;
        int256 spacing;
    }

    struct Leg {
        uint256 amountIn;
        Hop[] hops;
    }

    uint160 private constant PRICE_MIN = 4295128739;
    uint160 private constant PRICE_MAX = 1461446703485210103287273052203988822378723970342;
    uint256 private constant PIPS = 1_000_000;

    /// What is sold and bought, the native currency as the address zero; what that is wrapped into; and who receives.
    /// `greedy`: pairs are asked for one unit more than their fee allows, too. One that gives it takes a smaller fee.
    struct Ends {
        address tokenIn;
        address tokenOut;
        address wrapped;
        address recipient;
        bool greedy;
    }

    /// Takes the first token from the caller, leg by leg, and gives the last one to the recipient. Between pools of the
    /// native currency and those of its wrapped token it wraps and unwraps.
    function sell(Leg[] calldata legs, Ends calldata ends) external payable {
        for (uint256 i = 0; i < legs.length; i++) sellLeg(legs[i], ends);
        if (address(this).balance > 0) pay(msg.sender, address(this).balance, '');
    }

    function sellLeg(Leg calldata leg, Ends calldata ends) private {
        Hop[] calldata hops = leg.hops;
        address first = tokenIn(hops[0]);
        /// Native currency of legs to come.
        uint256 kept = address(this).balance - (ends.tokenIn == address(0) ? leg.amountIn : 0);
        if (first == ends.tokenIn && first != address(0)) {
            // transferFrom(address,address,uint256): straight to a pair, so that a token is taxed as a router's is.
            take(first, receiver(hops[0]), leg.amountIn);
        } else {
            if (ends.tokenIn != address(0)) take(ends.tokenIn, address(this), leg.amountIn);
            exchange(ends.tokenIn, first, ends.wrapped, leg.amountIn);
            if (receiver(hops[0]) != address(this)) move(first, hops[0].target, leg.amountIn);
        }
        for (uint256 j = 0; j < hops.length; j++) {
            bool isLast = j + 1 == hops.length;
            address next = isLast ? ends.tokenOut : tokenIn(hops[j + 1]);
            address to = isLast ? ends.recipient : receiver(hops[j + 1]);
            address got = tokenOut(hops[j]);
            swap(hops[j], got == next ? to : address(this), kept, ends.greedy);
            if (got == next) continue;
            uint256 amount = available(got, kept);
            exchange(got, next, ends.wrapped, amount);
            if (to != address(this)) move(next, to, amount);
        }
    }

    /// Wraps or unwraps, where the two are not the same.
    function exchange(address from, address to, address wrapped, uint256 amount) private {
        if (from == to) return;
        require(from == address(0) || to == address(0), 'not a pair of native and wrapped');
        if (from == address(0)) pay(wrapped, amount, abi.encodeWithSelector(0xd0e30db0)); // deposit()
        else send(wrapped, abi.encodeWithSelector(0x2e1a7d4d, amount)); // withdraw(uint256)
    }

    function take(address token, address to, uint256 amount) private {
        send(token, abi.encodeWithSelector(0x23b872dd, msg.sender, to, amount));
    }

    function move(address token, address to, uint256 amount) private {
        if (token == address(0)) pay(to, amount, '');
        else send(token, transfer(to, amount));
    }

    function available(address token, uint256 kept) private view returns (uint256) {
        return token == address(0) ? address(this).balance - kept : Token(token).balanceOf(address(this));
    }

    /// What is unwrapped, and what V4 pools pay.
    receive() external payable {}

    /// Where a hop wants its input to be: a pair looks at its own balance, the others ask for it.
    function receiver(Hop calldata hop) private view returns (address) {
        return isPair(hop) ? hop.target : address(this);
    }

    function isPair(Hop calldata hop) private pure returns (bool) {
        return hop.kind == 2 || hop.kind == 5 || hop.kind == 6;
    }

    function swap(Hop calldata hop, address to, uint256 kept, bool greedy) private {
        if (isPair(hop)) {
            if (hop.kind == 2) swapPair(hop, to, greedy);
            else swapSolidly(hop, to);
            return;
        }
        uint256 amount = available(tokenIn(hop), kept);
        if (hop.kind != 4) Pool(hop.target).swap(to, hop.zeroForOne, int256(amount), limit(hop), abi.encode(tokenIn(hop)));
        else Manager(hop.target).unlock(abi.encode(hop, amount, to));
    }

    function swapPair(Hop calldata hop, address to, bool greedy) private {
        (uint256 reserveIn, uint256 reserveOut, ) = Pair(hop.target).getReserves();
        if (!hop.zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 net = (Token(tokenIn(hop)).balanceOf(hop.target) - reserveIn) * (PIPS - hop.fee);
        uint256 out = (net * reserveOut) / (reserveIn * PIPS + net);
        if (greedy) {
            (bool given, ) = hop.target.call(swapOf(hop, out + 1, to));
            if (given) return;
        }
        send(hop.target, swapOf(hop, out, to));
    }

    function swapSolidly(Hop calldata hop, address to) private {
        (uint256 reserve0, uint256 reserve1, ) = SolidlyPair(hop.target).getReserves();
        uint256 paid = Token(tokenIn(hop)).balanceOf(hop.target) - (hop.zeroForOne ? reserve0 : reserve1);
        send(hop.target, swapOf(hop, SolidlyPair(hop.target).getAmountOut(paid, tokenIn(hop)), to));
    }

    function swapOf(Hop calldata hop, uint256 out, address to) private pure returns (bytes memory) {
        (uint256 out0, uint256 out1) = hop.zeroForOne ? (uint256(0), out) : (out, uint256(0));
        return abi.encodeCall(Pair.swap, (out0, out1, to, ''));
    }

    /// The callback of V3 pools and their forks, whatever they call it: pays what the pool asks for.
    fallback() external {
        (int256 amount0, int256 amount1, bytes memory data) = abi.decode(msg.data[4:], (int256, int256, bytes));
        send(abi.decode(data, (address)), transfer(msg.sender, uint256(amount0 > 0 ? amount0 : amount1)));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        (Hop memory hop, uint256 amount, address to) = abi.decode(data, (Hop, uint256, address));
        Manager manager = Manager(msg.sender);
        Manager.Key memory key = Manager.Key(hop.token0, hop.token1, uint24(hop.fee), int24(hop.spacing), address(0));
        uint160 end = hop.zeroForOne ? PRICE_MIN + 1 : PRICE_MAX - 1;
        int256 delta = manager.swap(key, Manager.Params(hop.zeroForOne, -int256(amount), end), '');
        int256 out = hop.zeroForOne ? int256(int128(delta)) : delta >> 128;
        (address sold, address bought) = hop.zeroForOne ? (hop.token0, hop.token1) : (hop.token1, hop.token0);
        if (sold == address(0)) {
            manager.settle{value: amount}();
        } else {
            manager.sync(sold);
            send(sold, transfer(msg.sender, amount));
            manager.settle();
        }
        manager.take(bought, to, uint256(out));
        return '';
    }

    function limit(Hop calldata hop) private pure returns (uint160) {
        return hop.zeroForOne ? PRICE_MIN + 1 : PRICE_MAX - 1;
    }

    function tokenIn(Hop calldata hop) private pure returns (address) {
        return hop.zeroForOne ? hop.token0 : hop.token1;
    }

    function tokenOut(Hop calldata hop) private pure returns (address) {
        return hop.zeroForOne ? hop.token1 : hop.token0;
    }

    function transfer(address to, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(0xa9059cbb, to, amount);
    }

    function send(address target, bytes memory data) private {
        pay(target, 0, data);
    }

    function pay(address target, uint256 value, bytes memory data) private {
        (bool ok, bytes memory reason) = target.call{value: value}(data);
        if (!ok)
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
    function balanceOf(address account) external view returns (uint256);
}

/// What Halyard reads and tries out in one `eth_call`. Never deployed: a state override lends its code to an address for
/// the length of the call. Questions are kept apart, so that one bad contract spoils one answer.
contract Lens {
    // States of pools

    /// Which state. `kind`: 2, 3 or 4, the version of Uniswap. `id`: of a V4 pool, whose `target` is the pool manager.
    /// `spacing`: of its ticks; 0: as a V3 pool itself says. The words of the tick bitmap from `from` to `to`, counted
    /// from the one of the price where `centred`.
    struct Want {
        uint256 kind;
        address target;
        bytes32 id;
        int256 spacing;
        bool centred;
        int256 from;
        int256 to;
    }

    uint256 private constant GAS_PER_QUESTION = 150_000;
    int256 private constant MAX_TICK = 887272;

    /// For each: the number of words that follow, and these. None where there is no such pool, or it has no price yet.
    /// V2: both reserves. V3 and V4: square root of the price, tick, liquidity, LP fee (V4, else 0), protocol fee (V4),
    /// the spacing, first and last word of the bitmap that were read, then the initialised ticks: tick << 128 | net liquidity.
    function states(Want[] calldata wants) external view returns (uint256[] memory out) {
        uint256 at;
        assembly {
            out := mload(0x40)
            at := add(out, 0x20)
        }
        // Nothing below allocates memory, so that the answer may grow behind the free pointer.
        for (uint256 i = 0; i < wants.length; i++) {
            uint256 start = at;
            at = wants[i].kind == 2 ? pair(wants[i].target, at + 32) : concentrated(wants[i], at + 32);
            put(start, (at - start) / 32 - 1);
        }
        assembly {
            mstore(out, sub(div(sub(at, out), 0x20), 1))
            mstore(0x40, at)
        }
    }

    function pair(address target, uint256 at) private view returns (uint256) {
        (bool ok, uint256 reserve0, uint256 reserve1) = ask(target, 0x0902f1ac, 4, 0, 2); // getReserves()
        return ok ? put(put(at, reserve0), reserve1) : at;
    }

    function concentrated(Want calldata want, uint256 at) private view returns (uint256) {
        address target = want.target;
        // V4 keeps pools in a mapping at slot 6 of the manager; 0 stands for a contract of its own, V3.
        uint256 base = want.kind == 4 ? slotOf(uint256(want.id), 6) : 0;
        (bool ok, uint256 price, int256 tick, uint256 fees) = slot0(target, base);
        if (!ok || price == 0) return at;
        uint256 liquidity;
        (ok, liquidity, ) = base == 0 ? ask(target, 0x1a686502, 4, 0, 1) : load(target, base + 3); // liquidity()
        if (!ok) return at;
        at = put(put(put(at, price), uint256(tick)), uint128(liquidity));
        at = put(put(at, fees >> 24), fees & 0xffffff);

        int256 spacing = want.spacing;
        if (spacing == 0) (, fees, ) = ask(target, 0xd0c93a7c, 4, 0, 1); // tickSpacing()
        if (spacing == 0) spacing = int256(fees);
        if (spacing <= 0) return at - 160;
        return words(want, base, tick, put(at, uint256(spacing)), spacing);
    }

    /// The wanted words, as far as there are such.
    function words(Want calldata want, uint256 base, int256 tick, uint256 at, int256 spacing)
        private
        view
        returns (uint256)
    {
        int256 centre = want.centred ? wordOf(tick, spacing) : int256(0);
        int256 from = wordOf(-MAX_TICK, spacing);
        int256 to = wordOf(MAX_TICK, spacing);
        if (want.from + centre > from) from = want.from + centre;
        if (want.to + centre < to) to = want.to + centre;
        at = put(put(at, uint256(from)), uint256(to));
        for (; from <= to; from++) at = ticks(want.target, base, spacing, from, at);
        return at;
    }

    function slot0(address target, uint256 base)
        private
        view
        returns (bool ok, uint256 price, int256 tick, uint256 fees)
    {
        uint256 second;
        if (base == 0) {
            (ok, price, second) = ask(target, 0x3850c7bd, 4, 0, 2); // slot0()
            tick = int256(second);
        } else {
            (ok, second, ) = load(target, base);
            price = uint160(second);
            tick = int24(uint24(second >> 160));
            fees = second >> 184;
        }
    }

    function wordOf(int256 tick, int256 spacing) private pure returns (int256) {
        int256 compressed = tick / spacing;
        if (tick < 0 && tick % spacing != 0) compressed--;
        return compressed >> 8;
    }

    function ticks(address target, uint256 base, int256 spacing, int256 word, uint256 at)
        private
        view
        returns (uint256)
    {
        (, uint256 bits, ) = base == 0
            ? ask(target, 0x5339c296, 36, uint256(word), 1) // tickBitmap(int16)
            : load(target, slotOf(uint256(word), base + 5));
        for (int256 tick = (word << 8) * spacing; bits != 0; ) {
            if (bits & 0xffff == 0) {
                bits >>= 16;
                tick += 16 * spacing;
                continue;
            }
            if (bits & 1 == 1) {
                uint256 net;
                if (base == 0) (, , net) = ask(target, 0xf30dba93, 36, uint256(tick), 2); // ticks(int24)
                else {
                    (, net, ) = load(target, slotOf(uint256(tick), base + 4));
                    net >>= 128;
                }
                at = put(at, (uint256(tick) << 128) | uint128(net));
            }
            bits >>= 1;
            tick += spacing;
        }
        return at;
    }

    function load(address target, uint256 slot) private view returns (bool, uint256, uint256) {
        return ask(target, 0x1e2eaeaf, 36, slot, 1); // extsload(bytes32)
    }

    /// The first two words of an answer; not ok where it reverts or has fewer than `words`.
    function ask(address target, uint256 selector, uint256 size, uint256 argument, uint256 words)
        private
        view
        returns (bool ok, uint256 first, uint256 second)
    {
        assembly {
            mstore(0x00, shl(224, selector))
            mstore(0x04, argument)
            ok := staticcall(GAS_PER_QUESTION, target, 0x00, size, 0x00, 0x40)
            ok := and(ok, iszero(lt(returndatasize(), mul(words, 0x20))))
            first := mload(0x00)
            second := mload(0x20)
        }
    }

    /// Where a mapping at `slot` keeps `key`.
    function slotOf(uint256 key, uint256 slot) private pure returns (uint256 place) {
        assembly {
            mstore(0x00, key)
            mstore(0x20, slot)
            place := keccak256(0x00, 0x40)
        }
    }

    function put(uint256 at, uint256 value) private pure returns (uint256) {
        assembly {
            mstore(at, value)
        }
        return at + 32;
    }

    // Trades, tried out

    struct Trade {
        address tokenIn;
        address tokenOut;
        address router;
        address recipient;
        bytes call;
    }

    struct Outcome {
        bool ok;
        uint256 spent;
        uint256 received;
        uint256 gas;
        bytes reason;
    }

    error Tried(uint256 spent, uint256 received, uint256 gas);
    error NoBalance();

    /// Each trade on the state of the block, whatever the others do. This address holds what it takes by overrides.
    function trades(Trade[] calldata wanted) external returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](wanted.length);
        for (uint256 i = 0; i < wanted.length; i++) {
            try this.attempt(wanted[i]) {} catch (bytes memory reason) {
                if (reason.length == 100 && bytes4(reason) == Tried.selector) {
                    uint256 spent;
                    uint256 received;
                    uint256 used;
                    assembly {
                        spent := mload(add(reason, 0x24))
                        received := mload(add(reason, 0x44))
                        used := mload(add(reason, 0x64))
                    }
                    outcomes[i] = Outcome(true, spent, received, used, '');
                } else {
                    outcomes[i].reason = reason;
                }
            }
        }
    }

    /// Always reverts: with what happened, so that nothing stays of it.
    function attempt(Trade calldata trade) external {
        send(trade.tokenIn, abi.encodeWithSelector(0x095ea7b3, trade.router, type(uint256).max)); // approve
        uint256 held = Token(trade.tokenIn).balanceOf(address(this));
        if (held == 0) revert NoBalance();
        uint256 had = Token(trade.tokenOut).balanceOf(trade.recipient);
        uint256 gas = gasleft();
        send(trade.router, trade.call);
        gas -= gasleft();
        revert Tried(
            held - Token(trade.tokenIn).balanceOf(address(this)),
            Token(trade.tokenOut).balanceOf(trade.recipient) - had,
            gas
        );
    }

    // Taxes on transfers

    struct Probe {
        address token;
        /// Holds the token, and is lent this code too.
        address holder;
        /// Where to and back from; lent this code too.
        address other;
        uint256 amount;
    }

    /// For each: whether it could be told, what arrives of `amount` sent by the holder, and of that sent back.
    function taxes(Probe[] calldata probes) external returns (uint256[] memory words) {
        words = new uint256[](probes.length * 3);
        for (uint256 i = 0; i < probes.length; i++) {
            try Lens(probes[i].holder).roundTrip(probes[i]) returns (uint256 arrived, uint256 returned) {
                words[i * 3] = 1;
                words[i * 3 + 1] = arrived;
                words[i * 3 + 2] = returned;
            } catch {}
        }
    }

    function roundTrip(Probe calldata probe) external returns (uint256 arrived, uint256 returned) {
        arrived = pass(probe.token, probe.other, probe.amount);
        returned = Lens(probe.other).pass(probe.token, address(this), arrived);
    }

    function pass(address token, address to, uint256 amount) public returns (uint256) {
        uint256 had = Token(token).balanceOf(to);
        send(token, abi.encodeWithSelector(0xa9059cbb, to, amount)); // transfer
        return Token(token).balanceOf(to) - had;
    }

    /// A call that hands on the reason of its failure. What tokens return is not looked at: some return nothing.
    function send(address target, bytes memory data) private {
        (bool ok, bytes memory reason) = target.call(data);
        if (!ok)
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
    }
}

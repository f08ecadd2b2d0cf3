// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
    function balanceOf(address account) external view returns (uint256);
}

/// What Halyard reads and tries out in one `eth_call`. Never deployed: a state override lends its code to an address for
/// the length of the call. Questions are kept apart, so that one bad contract spoils one answer: what does not answer as
/// such a contract does is no pool, and where the gas does not suffice the call fails as a whole.
contract Lens {
    // States of pools

    /// Which state. `kind`: 2, 3 or 4, the version of Uniswap; 5 a pair of Solidly, 6 one of Velodrome V2; 7 a pool of
    /// Algebra V1, 8 one of Algebra Integral. `id`: of a V4 pool, whose `target` is the pool manager; of a pair of 5 or 6,
    /// its factory, or 0 where the pair is to tell it. `spacing`: of its bitmap's ticks; 0: as a pool itself says. The words of the tick bitmap from `from` to `to`, counted
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
    /// With less left, a call would be given less: at least a 64th stays behind (EIP-150).
    uint256 private constant GAS_FOR_QUESTION = 160_000;
    /// A stable pair solves its curve step by step.
    uint256 private constant GAS_PER_LONG_QUESTION = 600_000;
    uint256 private constant GAS_FOR_LONG_QUESTION = 620_000;
    int256 private constant MAX_TICK = 887272;
    int256 private constant MAX_SPACING = 32767;

    /// For each: the number of words that follow, and these. None where there is no such pool, or it has no price yet.
    /// V2: both reserves. Solidly and Velodrome: one whole token of each, both reserves, 1 for a stable pair, the tokens, the
    /// fee in basis points, and what the pair itself says that a sample of each token buys. V3 and V4: square root of the
    /// price, tick, liquidity, LP fee (V4, else 0), protocol fee (V4), the spacing, first and last word of the bitmap that
    /// were read, then the initialised ticks: tick << 128 | net liquidity. Algebra: in the place of the fees what
    /// sample swaps come to; see `samples`.
    function states(Want[] calldata wants) external returns (uint256[] memory out) {
        uint256 at;
        assembly {
            out := mload(0x40)
            at := add(out, 0x20)
        }
        // Nothing below allocates memory, so that the answer may grow behind the free pointer.
        for (uint256 i = 0; i < wants.length; i++) {
            uint256 start = at;
            uint256 kind = wants[i].kind;
            if (kind == 2) at = pair(wants[i].target, at + 32);
            else if (kind == 5 || kind == 6) at = solidly(wants[i], at + 32);
            else at = concentrated(wants[i], at + 32);
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

    /// A sample is this part of a reserve.
    uint256 private constant SAMPLE = 1000;

    function solidly(Want calldata want, uint256 start) private view returns (uint256 at) {
        // metadata(): one whole token of each, reserves, stable, tokens
        if (!askFor(want.target, 0x392f37e9, start, 7)) return start;
        at = start + 224;
        (bool ok, uint256 fee) = feeOf(want, get(start + 128), at);
        if (!ok) return start;
        at = put(at, fee);
        for (uint256 side = 0; side < 64; side += 32) {
            // getAmountOut(uint256,address)
            (ok, fee) = askTwo(want.target, 0xf140a35a, get(start + 64 + side) / SAMPLE, get(start + 160 + side), at);
            at = put(at, ok ? fee : 0);
        }
    }

    function feeOf(Want calldata want, uint256 stable, uint256 at) private view returns (bool ok, uint256 fee) {
        uint256 factory = uint256(want.id);
        ok = factory != 0;
        if (!ok) (ok, factory, ) = ask(want.target, 0xc45a0155, 4, 0, 1); // factory()
        if (!ok) return (false, 0);
        address owner = address(uint160(factory));
        if (want.kind == 6) return askTwo(owner, 0xcc56b2c5, uint160(want.target), stable, at); // getFee(address,bool)
        (ok, fee, ) = ask(owner, 0x512b45ea, 36, stable, 1); // getFee(bool)
    }

    /// Of a pool with ticks that keeps its state itself: 0 one of V3, 1 one of Algebra. V4 keeps pools in a mapping at slot 6
    /// of the manager, and stands for the place there.
    function baseOf(Want calldata want) private pure returns (uint256) {
        if (want.kind == 4) return slotOf(uint256(want.id), 6);
        return want.kind > 6 ? 1 : 0;
    }

    function concentrated(Want calldata want, uint256 start) private returns (uint256 at) {
        at = start;
        address target = want.target;
        uint256 base = baseOf(want);
        (bool ok, uint256 price, int256 tick, uint256 fees) = slot0(target, base);
        if (!ok || price == 0 || price >> 160 != 0 || tick < -MAX_TICK || tick > MAX_TICK) return start;
        uint256 liquidity;
        (ok, liquidity, ) = base < 2 ? ask(target, 0x1a686502, 4, 0, 1) : load(target, base + 3); // liquidity()
        if (!ok || liquidity >> 128 != 0) return start;
        at = put(put(put(at, price), uint256(tick)), liquidity);
        if (base != 1) at = put(put(at, fees >> 24), fees & 0xffffff);
        else at = samples(target, price, liquidity, at);

        int256 spacing = want.spacing;
        if (spacing == 0) {
            (ok, fees, ) = ask(target, 0xd0c93a7c, 4, 0, 1); // tickSpacing()
            spacing = int256(fees);
        }
        if (!ok || spacing <= 0 || spacing > MAX_SPACING) return start;
        at = words(want, base, tick, put(at, uint256(spacing)), spacing);
        if (at == 0) at = start;
    }

    uint256 private constant PRICE_MIN = 4295128739;
    uint256 private constant PRICE_MAX = 1461446703485210103287273052203988822378723970342;
    /// A first swap of a block has a pool of Algebra write down what it learns.
    uint256 private constant GAS_PER_SAMPLE = 1_500_000;
    uint256 private constant GAS_FOR_SAMPLE = 1_550_000;

    /// A larger sample is this part.
    uint256 private constant LARGE_SAMPLE = 100;

    /// Two swaps of token0, then two of token1, of parts of what the liquidity in range holds. None without liquidity in range,
    /// for such a swap would go as far as there is none.
    function samples(address target, uint256 price, uint256 liquidity, uint256 at) private returns (uint256) {
        uint256 held = (liquidity << 96) / price;
        uint256 more = liquidity == 0 ? 0 : 1;
        at = sample(target, 1, held / SAMPLE + more, PRICE_MIN + 1, at);
        at = sample(target, 1, held / LARGE_SAMPLE + more, PRICE_MIN + 1, at);
        held = (liquidity * (price >> 64)) >> 32;
        at = sample(target, 0, held / SAMPLE + more, PRICE_MAX - 1, at);
        return sample(target, 0, held / LARGE_SAMPLE + more, PRICE_MAX - 1, at);
    }

    /// Both amounts as the pool sees them, then the price, the tick and the fee that the swap leaves: five words, zeros
    /// where it is not done. The callback takes the swap back.
    function sample(address target, uint256 zeroForOne, uint256 amount, uint256 limit, uint256 at)
        private
        returns (uint256)
    {
        assembly {
            if lt(gas(), GAS_FOR_SAMPLE) {
                revert(0, 0)
            }
            mstore(at, shl(224, 0x128acb08)) // swap(address,bool,int256,uint160,bytes)
            mstore(add(at, 0x04), address())
            mstore(add(at, 0x24), zeroForOne)
            mstore(add(at, 0x44), amount)
            mstore(add(at, 0x64), limit)
            mstore(add(at, 0x84), 0xa0)
            mstore(add(at, 0xa4), 0)
            let told := 0
            if amount {
                told := iszero(call(GAS_PER_SAMPLE, target, 0, at, 0xc4, 0, 0))
                told := and(told, eq(returndatasize(), 0xa0))
            }
            switch told
            case 0 {
                calldatacopy(at, calldatasize(), 0xa0)
            }
            default {
                returndatacopy(at, 0, 0xa0)
            }
        }
        return at + 0xa0;
    }

    /// What a pool of Algebra asks to be paid for a sample: says what it came to, by reverting.
    function algebraSwapCallback(int256 amount0, int256 amount1, bytes calldata) external view {
        assembly {
            let place := mload(0x40)
            mstore(place, shl(224, 0xe76c01e4)) // globalState(): price, tick, fee
            let ok := staticcall(GAS_PER_QUESTION, caller(), place, 0x04, add(place, 0x40), 0x60)
            if or(iszero(ok), lt(returndatasize(), 0x60)) {
                revert(0, 0)
            }
            mstore(place, amount0)
            mstore(add(place, 0x20), amount1)
            revert(place, 0xa0)
        }
    }

    /// The wanted words, as far as there are such; 0 where the pool does not tell them.
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
        for (; from <= to && at != 0; from++) at = ticks(want.target, base, spacing, from, at);
        return at;
    }

    function slot0(address target, uint256 base)
        private
        view
        returns (bool ok, uint256 price, int256 tick, uint256 fees)
    {
        uint256 second;
        if (base < 2) {
            (ok, price, second) = ask(target, base == 0 ? 0x3850c7bd : 0xe76c01e4, 4, 0, 2); // slot0(), globalState()
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
        (bool ok, uint256 bits, ) = base < 2
            ? ask(target, base == 0 ? 0x5339c296 : 0xc677e3e0, 36, uint256(word), 1) // tickBitmap(int16), tickTable(int16)
            : load(target, slotOf(uint256(word), base + 5));
        if (!ok) return 0;
        for (int256 tick = (word << 8) * spacing; bits != 0; ) {
            if (bits & 0xffff == 0) {
                bits >>= 16;
                tick += 16 * spacing;
                continue;
            }
            if (bits & 1 == 1) {
                uint256 net;
                if (base < 2) (ok, , net) = ask(target, 0xf30dba93, 36, uint256(tick), 2); // ticks(int24)
                else {
                    (ok, net, ) = load(target, slotOf(uint256(tick), base + 4));
                    net >>= 128;
                }
                if (!ok) return 0;
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

    /// The first two words of an answer; not ok where it reverts or has fewer than `words`. Reverts where a question could
    /// not be given its gas: who lacks that is not to be taken for a bad pool.
    function ask(address target, uint256 selector, uint256 size, uint256 argument, uint256 words)
        private
        view
        returns (bool ok, uint256 first, uint256 second)
    {
        assembly {
            if lt(gas(), GAS_FOR_QUESTION) {
                revert(0, 0)
            }
            mstore(0x00, shl(224, selector))
            mstore(0x04, argument)
            ok := staticcall(GAS_PER_QUESTION, target, 0x00, size, 0x00, 0x40)
            ok := and(ok, iszero(lt(returndatasize(), mul(words, 0x20))))
            first := mload(0x00)
            second := mload(0x20)
        }
    }

    /// The first word of an answer to a question with two arguments, which is written behind the answer so far.
    function askTwo(address target, uint256 selector, uint256 first, uint256 second, uint256 at)
        private
        view
        returns (bool ok, uint256 answer)
    {
        assembly {
            if lt(gas(), GAS_FOR_LONG_QUESTION) {
                revert(0, 0)
            }
            mstore(at, shl(224, selector))
            mstore(add(at, 0x04), first)
            mstore(add(at, 0x24), second)
            ok := staticcall(GAS_PER_LONG_QUESTION, target, at, 0x44, 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            answer := mload(0x00)
        }
    }

    /// Whether an answer has so many words, which are written to memory.
    function askFor(address target, uint256 selector, uint256 at, uint256 words) private view returns (bool ok) {
        assembly {
            if lt(gas(), GAS_FOR_QUESTION) {
                revert(0, 0)
            }
            mstore(0x00, shl(224, selector))
            ok := staticcall(GAS_PER_QUESTION, target, 0x00, 0x04, at, mul(words, 0x20))
            ok := and(ok, iszero(lt(returndatasize(), mul(words, 0x20))))
        }
    }

    function get(uint256 at) private pure returns (uint256 value) {
        assembly {
            value := mload(at)
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

    // Trying out

    /// Of an answer so much is looked at; no reason needs more.
    uint256 private constant ANSWER_BYTES_MAX = 320;
    /// For writing the answers down, whatever those who are called have used up.
    uint256 private constant GAS_KEPT = 400_000;

    /// What comes of a call, whose effects do not stay.
    ///
    /// @param data its memory is used for the answer
    /// @param among how many share the gas that is left
    function tryOut(address target, bytes memory data, uint256 among) private returns (bool ok, bytes memory answer) {
        bytes memory message = abi.encodeCall(this.attempt, (target, data));
        uint256 share = gasleft() > GAS_KEPT ? (gasleft() - GAS_KEPT) / among : 0;
        assembly {
            pop(call(share, address(), 0, add(message, 0x20), mload(message), 0, 0))
            let size := 0
            answer := data
            if gt(returndatasize(), 0x1f) {
                size := sub(returndatasize(), 0x20)
                returndatacopy(answer, 0, returndatasize())
                ok := mload(answer)
            }
            mstore(answer, size)
            mstore(0x40, and(add(add(answer, size), 0x3f), not(0x1f)))
        }
    }

    /// Always reverts, so that nothing stays: with 1 or 0, whether the call was done, and then the beginning of its answer.
    /// It is this code that says so; nobody who is called can put on that it was done.
    function attempt(address target, bytes calldata data) external {
        assembly {
            let place := mload(0x40)
            let answer := add(place, 0x20)
            calldatacopy(answer, data.offset, data.length)
            mstore(place, call(gas(), target, 0, answer, data.length, 0, 0))
            let size := returndatasize()
            if gt(size, ANSWER_BYTES_MAX) {
                size := ANSWER_BYTES_MAX
            }
            returndatacopy(answer, 0, size)
            revert(place, add(size, 0x20))
        }
    }

    // Where tokens keep balances

    /// For each token: whether it answers, what it says this address holds, and whether that can be sent to `other`.
    function holdings(address[] calldata tokens, address other) external returns (uint256[] memory words) {
        words = new uint256[](tokens.length * 3);
        for (uint256 i = 0; i < tokens.length; i++) {
            (bool ok, uint256 held, ) = ask(tokens[i], 0x70a08231, 36, uint160(address(this)), 1); // balanceOf(address)
            if (!ok) continue;
            words[i * 3] = 1;
            words[i * 3 + 1] = held;
            bytes memory data = abi.encodeCall(this.pass, (tokens[i], other, held));
            if (held != 0) (ok, ) = tryOut(address(this), data, tokens.length - i);
            words[i * 3 + 2] = ok ? 1 : 0;
        }
    }

    // Trades

    struct Trade {
        address tokenIn;
        address tokenOut;
        /// What this address must hold before it begins.
        uint256 amountIn;
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

    error NoBalance();
    error NoCode();

    /// Each trade on the state of the block, whatever the others do. This address holds what it takes by overrides.
    function trades(Trade[] calldata wanted) external returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](wanted.length);
        for (uint256 i = 0; i < wanted.length; i++) {
            bytes memory data = abi.encodeCall(this.trade, (wanted[i]));
            (bool ok, bytes memory answer) = tryOut(address(this), data, wanted.length - i);
            if (ok) {
                (uint256 spent, uint256 received, uint256 used) = abi.decode(answer, (uint256, uint256, uint256));
                outcomes[i] = Outcome(true, spent, received, used, '');
            } else {
                outcomes[i].reason = answer;
            }
        }
    }

    function trade(Trade calldata wanted) external returns (uint256 spent, uint256 received, uint256 used) {
        // A call to an address without code does nothing, and succeeds.
        if (wanted.router.code.length == 0) revert NoCode();
        uint256 value;
        if (wanted.tokenIn == address(0)) value = wanted.amountIn;
        else send(wanted.tokenIn, abi.encodeWithSelector(0x095ea7b3, wanted.router, type(uint256).max)); // approve
        uint256 held = balance(wanted.tokenIn, address(this));
        if (held < wanted.amountIn) revert NoBalance();
        uint256 had = balance(wanted.tokenOut, wanted.recipient);
        used = gasleft();
        pay(wanted.router, value, wanted.call);
        used -= gasleft();
        spent = held - balance(wanted.tokenIn, address(this));
        received = balance(wanted.tokenOut, wanted.recipient) - had;
    }

    /// Of a token, or of the native currency, which has the address zero.
    function balance(address token, address account) private view returns (uint256) {
        return token == address(0) ? account.balance : Token(token).balanceOf(account);
    }

    /// Change comes back.
    receive() external payable {}

    // Taxes on transfers

    struct Probe {
        address token;
        /// Holds the token, and is lent this code too.
        address holder;
        /// Where to and back from; lent this code too.
        address other;
        uint256 amount;
    }

    /// For each: what the holder sends, `amount` or all that it has, if that is less; what arrives of it; and what arrives
    /// of that sent back. All 0 where it could not be told.
    function taxes(Probe[] calldata probes) external returns (uint256[] memory words) {
        words = new uint256[](probes.length * 3);
        for (uint256 i = 0; i < probes.length; i++) {
            bytes memory data = abi.encodeCall(this.roundTrip, (probes[i]));
            (bool ok, bytes memory answer) = tryOut(probes[i].holder, data, probes.length - i);
            if (!ok || answer.length != 96) continue;
            (words[i * 3], words[i * 3 + 1], words[i * 3 + 2]) = abi.decode(answer, (uint256, uint256, uint256));
        }
    }

    function roundTrip(Probe calldata probe) external returns (uint256 sent, uint256 arrived, uint256 returned) {
        sent = Token(probe.token).balanceOf(address(this));
        if (sent > probe.amount) sent = probe.amount;
        arrived = pass(probe.token, probe.other, sent);
        returned = Lens(payable(probe.other)).pass(probe.token, address(this), arrived);
    }

    function pass(address token, address to, uint256 amount) public returns (uint256) {
        uint256 had = Token(token).balanceOf(to);
        send(token, abi.encodeWithSelector(0xa9059cbb, to, amount)); // transfer
        return Token(token).balanceOf(to) - had;
    }

    /// A call that hands on the reason of its failure. What tokens return is not looked at: some return nothing.
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

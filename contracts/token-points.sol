// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Points} from "./points.sol";

interface Erc20 {
    function balanceOf(address account) external view returns (uint256);
    function allowance(address account, address spender) external view returns (uint256);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface Erc1155 {
    function balanceOf(address account, uint256 id) external view returns (uint256);
    function isApprovedForAll(address account, address operator) external view returns (bool);
    function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes calldata data) external;
}

/// @title Spends of points that are a token on this chain, each at most once.
/// @notice A spend is what it is in Points, and moves the account's tokens to the sink in the same transaction: an operation
/// is used if and only if its tokens were moved. The account allows this contract to move them, and so says how much it
/// can lose.
abstract contract TokenPoints is Points {
    /// @notice The contract of the token.
    address public immutable token;
    /// @notice Where tokens go that are spent: a treasury, or an account that nobody has the key of.
    address public immutable sink;
    /// @notice So many of the token's smallest units are one raw unit of points.
    uint256 public immutable unit;

    error NoToken(address token);
    error NoSink();
    error NoUnit();
    error TooFewTokens(address account, uint256 needed, uint256 has);
    error NotAllowed(address account, uint256 needed);
    error NotMoved(uint256 needed);

    constructor(address token_, address sink_, uint256 unit_) {
        if (token_.code.length == 0) revert NoToken(token_);
        if (sink_ == address(0)) revert NoSink();
        if (unit_ == 0) revert NoUnit();
        token = token_;
        sink = sink_;
        unit = unit_;
    }

    /// @dev What arrives is looked at, whatever the token answers: one that takes a fee is no spend of the whole amount.
    function take(address account, uint256 amount) internal override {
        uint256 needed = amount * unit;
        uint256 has = balanceOf(account);
        if (has < needed) revert TooFewTokens(account, needed, has);
        if (!isAllowed(account, needed)) revert NotAllowed(account, needed);
        uint256 before = balanceOf(sink);
        move(account, needed);
        if (balanceOf(sink) != before + needed) revert NotMoved(needed);
    }

    function balanceOf(address account) internal view virtual returns (uint256);

    function isAllowed(address account, uint256 needed) internal view virtual returns (bool);

    function move(address from, uint256 needed) internal virtual;
}

/// @title Spends of points that are an ERC-20.
contract Erc20Points is TokenPoints {
    constructor(
        address admin,
        address token_,
        address sink_,
        uint256 unit_
    ) Points(admin) TokenPoints(token_, sink_, unit_) {}

    function balanceOf(address account) internal view override returns (uint256) {
        return Erc20(token).balanceOf(account);
    }

    function isAllowed(address account, uint256 needed) internal view override returns (bool) {
        return Erc20(token).allowance(account, address(this)) >= needed;
    }

    /// @dev Some tokens answer nothing, and some answer `false` in place of failing; both are seen by what has arrived.
    function move(address from, uint256 needed) internal override {
        (bool isDone, bytes memory reason) = token.call(abi.encodeCall(Erc20.transferFrom, (from, sink, needed)));
        if (isDone) return;
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }
}

/// @title Spends of points that are one id of an ERC-1155.
/// @notice What an account allows there is all of its ids; none but this one is ever moved.
contract Erc1155Points is TokenPoints {
    uint256 public immutable id;

    constructor(
        address admin,
        address token_,
        uint256 id_,
        address sink_,
        uint256 unit_
    ) Points(admin) TokenPoints(token_, sink_, unit_) {
        id = id_;
    }

    function balanceOf(address account) internal view override returns (uint256) {
        return Erc1155(token).balanceOf(account, id);
    }

    function isAllowed(address account, uint256) internal view override returns (bool) {
        return Erc1155(token).isApprovedForAll(account, address(this));
    }

    function move(address from, uint256 needed) internal override {
        Erc1155(token).safeTransferFrom(from, sink, id, needed, "");
    }
}

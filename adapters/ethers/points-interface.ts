import { Interface } from 'ethers'

/** What the relay uses of contracts/points.sol, and of contracts/token-points.sol, which is called alike. */
export const points = new Interface([
  'function spend(bytes32 operation, address account, uint256 amount, uint256 deadline)',
  'function statusOf(bytes32 operation) view returns (uint8)',
  'event Spent(bytes32 indexed operation, address indexed account, uint256 amount, address by)',
  'event Cancelled(bytes32 indexed operation, address by)',
  'error Missing(bytes32 role, address account)',
  'error Used(bytes32 operation, uint8 status)',
  'error Late(uint256 deadline)',
  'error IsPaused()',
  'error NoOperation()',
  'error NoAmount()',
  'error NoAccount()',
  'error TooFewTokens(address account, uint256 needed, uint256 has)',
  'error NotAllowed(address account, uint256 needed)',
  'error NotMoved(uint256 needed)',
])

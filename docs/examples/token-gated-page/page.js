import { BrowserProvider } from './ethers.js'

// Signs in with an injected wallet (EIP-1193, EIP-4361) and shows what the server gives to members.

const [signInButton, signOutButton, status, content] = [
  'sign-in',
  'sign-out',
  'status',
  'content',
].map((id) => document.getElementById(id))

async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail ?? 'the service does not answer')
  return answer.item
}

const messageOf = (address, chainId, nonce) =>
  `${location.host} wants you to sign in with your Ethereum account:
${address}

Sign in to see what is for members.

URI: ${location.origin}
Version: 1
Chain ID: ${chainId}
Nonce: ${nonce}
Issued At: ${new Date().toISOString()}`

async function signIn() {
  if (!window.ethereum) throw new Error('there is no wallet in this browser')
  const provider = new BrowserProvider(window.ethereum)
  const signer = await provider.getSigner()
  const { chainId } = await provider.getNetwork()
  // The nonce is good once, for ten minutes, and for the cookie that comes with it.
  const { nonce } = await post('/v1/sign-in/start', {})
  // With the letters of the address as its checksum has them (EIP-55), as ethers gives it.
  const message = messageOf(signer.address, chainId, nonce)
  await post('/v1/sign-in', { message, signature: await signer.signMessage(message) })
}

async function showContent() {
  const response = await fetch('/members')
  const answer = await response.json()
  const isSignedIn = response.status !== 401
  signInButton.hidden = isSignedIn
  signOutButton.hidden = !isSignedIn
  content.hidden = !response.ok
  // As text: what is shown never becomes a part of the page.
  content.textContent = response.ok ? answer.content : ''
  status.textContent = answer.why
}

/** Runs a step, and says what went wrong. */
async function run(step) {
  status.textContent = ''
  try {
    await step()
    await showContent()
  } catch (error) {
    status.textContent = `Not done: ${error.message}`
  }
}

signInButton.addEventListener('click', () => void run(signIn))
signOutButton.addEventListener('click', () => void run(() => post('/v1/session/end', {})))
await run(async () => undefined)

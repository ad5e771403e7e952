// Asks an injected wallet what the command line wants to know, and hands the answer back. Texts are set as text, never as
// markup: some of them come from the chain.
"use strict";

const element = (id) => document.getElementById(id);

/** The injected wallets: those that announce themselves (WBIP004), and the old single name. */
function wallets() {
  const announced = Array.isArray(window.wbip_providers) ? window.wbip_providers : [];
  const found = announced
    .map(({ id, name }) => ({ name: String(name ?? id), provider: resolve(String(id)) }))
    .filter(({ provider }) => typeof provider?.request === "function");
  if (found.length === 0 && typeof window.StacksProvider?.request === "function") {
    found.push({ name: "Browser wallet", provider: window.StacksProvider });
  }
  return found;
}

/** An id is a path of names below `window`. */
function resolve(id) {
  return id.split(".").reduce((owner, name) => owner?.[name], window);
}

/** A wallet's result; its refusals are thrown, whichever way it tells them. */
async function request(provider, method, parameters) {
  const answer = await provider.request(method, parameters);
  if (answer?.error) throw answer.error;
  return answer?.result ?? answer;
}

const isUnknownMethod = (error) => [-32601, -32604].includes(error?.code ?? error?.error?.code);

const reasonOf = (error) => String(error?.message ?? error?.error?.message ?? error);

async function connect(provider, { network }) {
  const { addresses } = await request(provider, "getAddresses", { network }).catch((error) => {
    if (!isUnknownMethod(error)) throw error;
    return request(provider, "stx_getAddresses", { network });
  });
  const own = addresses.find(({ symbol, address }) => symbol === "STX" || /^S[PT]/.test(address));
  if (own === undefined) throw new Error("the wallet named no Stacks address");
  return { address: own.address };
}

async function sign(provider, { transaction, call }) {
  try {
    // Not sent by the wallet: the command line writes its journal first.
    const signed = await request(provider, "stx_signTransaction", { transaction, broadcast: false });
    return { transaction: signed.transaction };
  } catch (error) {
    if (!isUnknownMethod(error) || call === undefined) throw error;
  }
  const sent = await request(provider, "stx_callContract", call);
  return { txid: sent.txid, transaction: sent.transaction };
}

async function answer(reply) {
  const headers = { "content-type": "application/json" };
  const response = await fetch("answer", { method: "POST", headers, body: JSON.stringify(reply) });
  if (!response.ok) throw new Error(`the command line did not take the answer (${response.status})`);
  for (const button of document.querySelectorAll("button")) button.disabled = true;
}

async function use(provider, question) {
  element("status").textContent = "Look at your wallet.";
  try {
    const reply = await (question.kind === "connect" ? connect(provider, question) : sign(provider, question));
    await answer(reply);
    element("status").textContent = "Done. Go back to the terminal; this page can be closed.";
  } catch (error) {
    element("status").textContent = `Not done: ${reasonOf(error)}. You can try again.`;
  }
}

function show(question) {
  const isConnect = question.kind === "connect";
  element("title").textContent = isConnect ? "Connect a wallet" : `Transaction on ${question.network}`;
  element("lead").textContent = isConnect
    ? "The command line asks for your address. It sees no key."
    : "Compare this with the plan in your terminal and with what your wallet shows.";
  for (const [label, value] of question.summary ?? []) {
    const row = element("summary").insertRow();
    row.append(Object.assign(document.createElement("th"), { textContent: label }));
    row.insertCell().textContent = value;
  }
  element("summary").hidden = isConnect;
}

/** Wallets inject themselves at their own pace. */
function offer(question) {
  const found = wallets();
  element("wallets").replaceChildren(
    ...found.map(({ name, provider }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.addEventListener("click", () => use(provider, question));
      return button;
    }),
  );
  if (found.length === 0) element("status").textContent = "No Stacks wallet was found in this browser.";
  else if (element("status").textContent.startsWith("No Stacks wallet")) element("status").textContent = "";
  return found.length > 0;
}

async function start() {
  const question = await (await fetch("question")).json();
  show(question);
  element("cancel").hidden = false;
  element("cancel").addEventListener("click", async () => {
    await answer({ error: "cancelled in the browser" });
    element("status").textContent = "Cancelled. Nothing was signed.";
  });
  if (!offer(question)) {
    const again = setInterval(() => offer(question) && clearInterval(again), 500);
  }
}

start().catch((error) => {
  element("lead").textContent = `This page is not valid any more: ${reasonOf(error)}`;
});

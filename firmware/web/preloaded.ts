/** The model that lies beside the page: "sdq serve MODEL --weights weights.sdq" puts it there. */

/** Content of model.json: addresses relative to the page; empty if the page comes without a model. */
export interface Preloaded {
  readonly files: readonly string[];
}

/** Fetches the files. @throws Error with a sentence if one of them cannot be had */
export async function fetchPreloaded(): Promise<File[]> {
  const { files } = (await (await fetchFrom('model.json')).json()) as Preloaded;
  return Promise.all(
    files.map(async (address) => new File([await (await fetchFrom(address)).blob()], address.split('/').at(-1)!)),
  );
}

async function fetchFrom(address: string): Promise<Response> {
  const response = await fetch(address).catch(() => null);
  if (response?.ok) return response;
  const what = response ? `the server answered ${response.status}` : 'the server does not answer';
  throw new Error(`${address} could not be read: ${what}. Start “sdq serve” again and reload, or drop the files here.`);
}

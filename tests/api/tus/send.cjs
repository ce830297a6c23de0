// Sends a file with tus-js-client: node send.cjs ADDRESS TOKEN ROUND FILE
// Prints one line of JSON for each thing that happens.
"use strict";
const fs = require("node:fs");
const tus = require("tus-js-client");

const [address, token, round, path] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const upload = new tus.Upload(fs.createReadStream(path), {
  endpoint: `${address}/api/v1/uploads/`,
  chunkSize: Number(process.env.CHUNK_BYTES || Infinity),
  uploadSize: fs.statSync(path).size,
  metadata: { round, filename: "mine.bin" },
  headers: { Authorization: `Token ${token}` },
  retryDelays: Array(60).fill(500),
  onProgress: (sent, all) => say({ sent, all }),
  onShouldRetry: (error) => {
    say({ retry: String(error.message).slice(0, 200) });
    return true;
  },
  onUploadUrlAvailable: () => say({ url: upload.url }),
  onSuccess: () => say({ done: upload.url }),
  onError: (error) => {
    say({ failed: String(error) });
    process.exit(1);
  },
});
upload.start();

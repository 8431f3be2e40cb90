// Previews of text, tables, JSON, Markdown, images and NIfTI volumes. A preview reads a bounded part of the file.
import { ask, element } from "./app.js";

const TEXT_BYTES = 64 * 1024, TABLE_ROWS = 100, VOLUME_BYTES = 64e6, MEDIA_BYTES = 50e6;
const IMAGES = /\.(png|jpe?g|gif|webp|avif|bmp)$/i, TABLES = /\.(csv|tsv)$/i, TEXTS = /\.(txt|md|json|ya?ml|py|r|m|log|xml|html?|svg|js|sh|rst|tex|bib|cff|toml|ini|cfg|fa|fasta|vcf|bval|bvec|csv|tsv)$/i;

// preview fills a place with the preview of a file, or with nothing for other types.
export async function preview(place, row, address) {
  const name = row.path.toLowerCase();
  try {
    if (IMAGES.test(name) && row.size <= MEDIA_BYTES) place.append(element("img", { src: address, alt: `Image ${row.path}` }));
    else if (/\.nii(\.gz)?$/.test(name) && row.size <= VOLUME_BYTES) await volume(place, address, name.endsWith(".gz"));
    else if (TEXTS.test(name) || /(^|\/)(readme|license|changes)$/.test(name)) await text(place, row, address, name);
  } catch (error) {
    place.append(element("p", {}, `No preview: ${error.message}`));
  }
}

async function text(place, row, address, name) {
  if (!row.size) return place.append(element("p", {}, "This file is empty."));
  const answer = await ask(address, { headers: { Range: `bytes=0-${TEXT_BYTES - 1}` } });
  const content = await answer.text(), cut = row.size > TEXT_BYTES;
  if (TABLES.test(name)) place.append(table(content, name.endsWith(".tsv") ? "\t" : ",", cut));
  else if (name.endsWith(".md")) place.append(...markdown(content));
  else place.append(element("pre", { tabIndex: 0 }, name.endsWith(".json") && !cut ? pretty(content) : content));
  if (cut) place.append(element("p", {}, `The first ${TEXT_BYTES / 1024} kB.`));
}

function pretty(content) {
  try { return JSON.stringify(JSON.parse(content), null, 2); } catch { return content; }
}

// table returns the first rows of a CSV or TSV file. Source: RFC 4180.
function table(content, comma, cut) {
  const rows = [[""]];
  let inside = false;
  for (let i = 0; i < content.length && rows.length <= TABLE_ROWS + 1; i++) {
    const row = rows.at(-1), char = content[i];
    if (char === '"') {
      if (inside && content[i + 1] === '"') { row[row.length - 1] += '"'; i++; } else inside = !inside;
    } else if (char === comma && !inside) row.push("");
    else if (char === "\n" && !inside) rows.push([""]);
    else if (char !== "\r" || inside) row[row.length - 1] += char;
  }
  if (cut || rows.length > TABLE_ROWS + 1 || rows.at(-1).join("") === "") rows.pop();
  const [head = [], ...body] = rows;
  const line = (kind) => (cells) => element("tr", {}, ...cells.map((cell) => element(kind, kind === "th" ? { scope: "col" } : {}, cell)));
  return element("div", { className: "scroll", tabIndex: 0 }, element("table", {}, element("thead", {}, line("th")(head)), element("tbody", {}, ...body.map(line("td")))));
}

// markdown returns headings, lists, code and paragraphs; other markup and links stay text.
function markdown(content) {
  const out = [];
  for (const [i, block] of content.split(/^```.*$/m).entries()) {
    if (i % 2) { out.push(element("pre", { tabIndex: 0 }, block.trim())); continue; }
    for (const part of block.split(/\n\s*\n/)) {
      const heading = part.trim().match(/^(#{1,6})\s+(.*)/);
      if (heading) {
        out.push(element("h" + Math.min(6, heading[1].length + 2), {}, heading[2]));
        part.trim().includes("\n") && out.push(element("p", {}, part.trim().split("\n").slice(1).join(" ")));
      } else if (/^\s*[-*+] /.test(part)) {
        out.push(element("ul", {}, ...part.trim().split(/\n\s*[-*+] /).map((item) => element("li", {}, item.replace(/^\s*[-*+] /, "")))));
      } else if (part.trim()) out.push(element("p", {}, part.trim()));
    }
  }
  return out;
}

// The types of voxels by the number in the header. Source: nifti1.h.
const VOXELS = { 2: Uint8Array, 4: Int16Array, 8: Int32Array, 16: Float32Array, 64: Float64Array, 256: Int8Array, 512: Uint16Array, 768: Uint32Array };

// volume draws the middle slices of a NIfTI-1 volume along its three axes.
async function volume(place, address, isGzip) {
  let stream = (await ask(address)).body;
  if (isGzip) stream = stream.pipeThrough(new DecompressionStream("gzip"));
  const bytes = await bounded(stream, 4 * VOLUME_BYTES), view = new DataView(bytes.buffer);
  const little = view.getInt32(0, true) === 348;
  if (!little && view.getInt32(0, false) !== 348) throw new Error("it is not NIfTI-1");
  const [nx, ny, nz] = [42, 44, 46].map((at) => Math.max(1, view.getInt16(at, little)));
  const Voxels = VOXELS[view.getInt16(70, little)], offset = view.getFloat32(108, little);
  if (!Voxels || !little) throw new Error("its type of voxels is not supported");
  const data = new Voxels(bytes.buffer.slice(offset, offset + nx * ny * nz * Voxels.BYTES_PER_ELEMENT));
  const range = data.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const slices = [[nx, ny, (x, y) => x + nx * (y + ny * (nz >> 1)), "axial"], [nx, nz, (x, z) => x + nx * ((ny >> 1) + ny * z), "coronal"], [ny, nz, (y, z) => (nx >> 1) + nx * (y + ny * z), "sagittal"]];
  for (const [width, height, at, name] of slices) place.append(slice(data, range, width, height, at, name));
  place.append(element("p", {}, `${nx} × ${ny} × ${nz} voxels, values ${range[0]} to ${range[1]}`));
}

function slice(data, [low, high], width, height, at, name) {
  const canvas = element("canvas", { width, height, role: "img", "aria-label": `${name} slice` });
  const image = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const gray = 255 * (data[at(x, height - 1 - y)] - low) / (high - low || 1), i = 4 * (y * width + x);
      image.data.set([gray, gray, gray, 255], i);
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// bounded returns the bytes of a stream, or an error if there are more than a limit.
async function bounded(stream, limit) {
  const pieces = [];
  let total = 0;
  for await (const piece of stream) {
    total += piece.length;
    if (total > limit) throw new Error("it is too large");
    pieces.push(piece);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) { bytes.set(piece, at); at += piece.length; }
  return bytes;
}

// node validate.mjs SHAPES[,SHAPES…] FILE…: one JSON object a file, with the number of triples and the results that are violations and warnings.
import { createReadStream } from 'node:fs';
import N3 from 'n3';
import { JsonLdParser } from 'jsonld-streaming-parser';
import SHACLValidator from 'rdf-validate-shacl';
import factory from 'rdf-validate-shacl/src/defaultEnv.js';

async function load(paths) {
  const dataset = factory.dataset();
  for (const path of paths) {
    const parser = path.endsWith('.jsonld') ? new JsonLdParser({ baseIRI: 'http://base.example/' }) : new N3.StreamParser({ baseIRI: 'http://base.example/', format: 'text/turtle' });
    const quads = createReadStream(path).pipe(parser);
    for await (const quad of quads) dataset.add(quad);
  }
  return dataset;
}

const [shapes, ...files] = process.argv.slice(2);
const validator = new SHACLValidator(await load(shapes.split(',')), { factory });
for (const file of files) {
  const data = await load([file]);
  const report = await validator.validate(data);
  const results = report.results.map((result) => ({
    severity: result.severity?.value.split('#').at(-1),
    path: result.path?.value,
    focus: result.focusNode?.value,
    why: result.sourceConstraintComponent?.value.split('#').at(-1),
    value: result.value?.value,
  }));
  const triples = [...data].map((quad) => `${quad.predicate.value} ${quad.object.termType} ${quad.object.termType === 'BlankNode' ? '' : quad.object.value} ${quad.object.language ?? ''} ${quad.object.datatype?.value ?? ''}`).sort();
  console.log(JSON.stringify({ file, triples: data.size, violations: results.filter((one) => one.severity === 'Violation'), warnings: results.filter((one) => one.severity === 'Warning'), statements: triples }));
}

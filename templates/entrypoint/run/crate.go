// The Process Run Crate of a result. Source: https://w3id.org/ro/wfrun/process/0.5, RO-Crate 1.1.

package run

import (
	"fmt"
	"net/url"
	"path/filepath"
)

// Identifiers of the specifications.
const (
	crateVersion   = "https://w3id.org/ro/crate/1.1"
	processProfile = "https://w3id.org/ro/wfrun/process/0.5"
	runTerms       = "https://w3id.org/ro/terms/workflow-run/context"
	noLicense      = "The dataset states no license."
)

// thing is an entity of a crate.
type thing = map[string]any

func reference(id string) thing { return thing{"@id": id} }

// crate returns the content of ro-crate-metadata.json.
func (j *job) crate(found *record) thing {
	files, results := j.files(found)
	inputs, objects := j.objects(found)
	action := thing{
		"@id": "#run", "@type": "CreateAction", "name": fmt.Sprintf("%s of %s %s", found.Command, found.Data.Name, found.Data.Version),
		"description": found.About, "instrument": reference("#program"), "object": objects, "result": results,
		"startTime": found.Start, "endTime": found.End, "actionStatus": "http://schema.org/CompletedActionStatus",
	}
	graph := []any{
		thing{"@id": crateName, "@type": "CreativeWork", "about": reference("./"), "conformsTo": reference(crateVersion)},
		j.root(found, results),
		action,
		thing{"@id": processProfile, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
		thing{"@id": "#program", "@type": "SoftwareApplication", "name": found.Command, "description": found.About,
			"url": "urn:sha256:" + hexOf(found.Program.Digest), "softwareVersion": found.Program.Digest},
	}
	graph = append(append(graph, inputs...), files...)
	return thing{"@context": []string{crateVersion + "/context", runTerms}, "@graph": graph}
}

// root returns the entity of the folder.
func (j *job) root(found *record, parts []thing) thing {
	license := j.about.License
	if license == "" {
		license = noLicense
	}
	title := j.about.Title
	if title == "" {
		title = found.Data.Name
	}
	return thing{
		"@id": "./", "@type": "Dataset", "conformsTo": reference(processProfile),
		"name":          fmt.Sprintf("%s of %s", found.Command, title),
		"description":   fmt.Sprintf("The result of the command %s on the dataset %s %s: %s", found.Command, found.Data.Name, found.Data.Version, found.About),
		"datePublished": found.End, "license": license, "mentions": reference("#run"),
		"hasPart": append(append([]thing{}, parts...), reference(recordName)),
	}
}

// files returns the entities of the files of the result, and references to them.
func (j *job) files(found *record) (entities []any, references []thing) {
	references = []thing{}
	for _, one := range found.Files {
		id := (&url.URL{Path: string(one.Path)}).EscapedPath()
		entities = append(entities, thing{"@id": id, "@type": "File", "name": name(filepath.Base(string(one.Path))), "contentSize": fmt.Sprint(one.Size), "sha256": one.SHA256})
		references = append(references, reference(id))
	}
	entities = append(entities, thing{"@id": recordName, "@type": "File", "name": "Record of the run", "encodingFormat": "application/json"})
	return entities, references
}

// objects returns the entities of the data, the inputs and the parameters, and references to them.
func (j *job) objects(found *record) (entities []any, references []thing) {
	add := func(one thing) {
		entities = append(entities, one)
		references = append(references, reference(one["@id"].(string)))
	}
	add(thing{"@id": "#data", "@type": "CreativeWork", "name": found.Data.Name, "version": found.Data.Version, "identifier": found.Data.Digest})
	for _, key := range Names(found.Inputs) {
		one := found.Inputs[key]
		entity := thing{"@id": "#input-" + key, "@type": "CreativeWork", "name": key, "identifier": one.Digest, "size": fmt.Sprint(one.Bytes)}
		if one.Path != "" {
			entity["alternateName"] = one.Path
		}
		add(entity)
	}
	for _, key := range Names(found.Parameters) {
		add(thing{"@id": "#parameter-" + key, "@type": "PropertyValue", "name": key, "value": found.Parameters[key]})
	}
	return entities, references
}

func hexOf(digest string) string { return digest[len("sha256:"):] }

// Package schemas makes JSON schemas of Kubernetes' objects out of the OpenAPI
// document that is part of Kubernetes' sources, so that rendered manifests can be
// checked where no schema can be downloaded:
//
//	document, err := schemas.Document(ctx, command.Exec{}, "clusters/nodeimage")
//	err = schemas.Write(document, dir)
//	// kubeconform -strict -schema-location dir/'{{.ResourceKind}}{{.KindSuffix}}.json'
//
// They are stricter than those that are published: a field that the document does
// not know is an error in every object, and so is null.
package schemas

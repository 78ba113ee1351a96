package main

type demoCmd struct{ database }

// Run is filled in with the demo's data.
func (demoCmd) Run() error { return nil }

type importCmd struct{ database }

// Run is filled in with the importer.
func (importCmd) Run() error { return nil }

// Package demo makes the demo org "Northwind Robotics": its people, accounts, pipelines and fifteen months of deals,
// generated from a seed, and the tokens and questions to look at it with.
//
// The same seed, size and day give the same rows, byte for byte, on every machine: each record draws from a random
// stream of its own, arithmetic is on integers, and nothing reads the clock. What is drawn ends with the day before
// [Params.Today], so a start in the evening makes what a start in the morning made. Only what is no record of the org's
// past is of the moment it is made: the tokens, and when roles were granted.
//
// The org is made in one transaction: it is there as a whole or not at all.
//
// A later domain adds a file: a method of world that makes its batch, and a line in load.
package demo

// Package view is what the API hangs on a row: for each entity a view, its relations, and how a page of them is loaded.
//
// A view is loaded whole before gqlgen runs over it: the selection is looked at, to-one objects come with one statement
// per type, to-many ones with one statement over the page's ids, and what is held in memory (people, stages) costs none.
// So a page of any size costs a constant number of statements. Each related object is loaded through the asker's own
// scope of its type: what one may not see is null.
package view

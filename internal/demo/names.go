package demo

import "strings"

// Companies are called a name, a line of business, and an addition where that is taken.
var companyNames = strings.Fields(`
	Alder Amberline Ashgrove Aster Atherton Aubrey Bayfield Beacon Bellwether Birchwood Blackthorn Bluewater Bramble
	Briarcliff Brightwell Calder Camden Canterra Cascadia Cedarline Chesterton Clearbrook Cobalt Copperfield Corvane
	Crestmont Dalton Daybreak Delmar Dovetail Eastgate Eldridge Elmhurst Emberly Everline Fairhaven Falconer Fenwick
	Firth Foxglove Gable Garnet Glenmore Granite Greyfriars Halden Hallmark Harborview Hartwell Hawthorne Hazelmere
	Heron Highfield Hollis Ironbridge Ivory Juniper Kestrel Kingsway Kirkland Lakeshore Lanyard Larkspur Linden
	Lockhart Longacre Lowell Maplewood Marlowe Meridian Merrow Millbrook Monarch Moorland Nordhaven Northgate Oakhurst
	Orchard Osprey Palisade Parkside Pemberton Penrose Pinecrest Polaris Prescott Quarry Quillon Ravenna Redfern
	Ridgeline Riverton Rosewood Rowan Saffron Sandoval Seabright Sierra Silverton Solstice Stanmore Sterling Stonebridge
	Summit Sycamore Tamarack Thornbury Tidewater Trellis Tundra Umber Valemont Verity Vesper Wakefield Waverly Westbrook
	Whitmore Willowmere Winslow Wexford Yarrow Zephyr`)

var companyAdditions = []string{"Group", "Holdings", "International", "Partners"}

type industry struct {
	name string
	// What the companies call themselves, and what they buy.
	suffixes, sites []string
}

var industries = []industry{
	{"Food and beverage", []string{"Foods", "Beverages", "Dairy", "Provisions", "Bakeries"}, []string{"bottling hall", "cold store", "packing line", "bakery"}},
	{"Automotive", []string{"Motors", "Automotive", "Drivetrain", "Axle Works"}, []string{"body shop", "press shop", "assembly plant", "battery line"}},
	{"Logistics", []string{"Logistics", "Freight", "Fulfillment", "Parcel"}, []string{"cross-dock", "sorting center", "fulfillment center", "returns hub"}},
	{"Retail", []string{"Stores", "Outfitters", "Home", "Grocers"}, []string{"distribution center", "e-commerce hub", "store replenishment"}},
	{"Pharmaceuticals", []string{"Pharma", "Therapeutics", "Biologics"}, []string{"clean room", "packaging line", "cold chain"}},
	{"Electronics", []string{"Electronics", "Circuits", "Semiconductor", "Devices"}, []string{"SMT line", "test floor", "component store"}},
	{"Chemicals", []string{"Chemicals", "Coatings", "Polymers"}, []string{"drum line", "blending plant", "tank farm"}},
	{"Metals and machinery", []string{"Steel", "Machinery", "Castings", "Tooling"}, []string{"foundry", "machine shop", "welding cell"}},
	{"Paper and packaging", []string{"Packaging", "Paper", "Cartons"}, []string{"corrugator", "converting plant", "reel store"}},
	{"Medical devices", []string{"Medical", "Surgical", "Diagnostics"}, []string{"kitting line", "sterile store", "assembly hall"}},
}

// What is sold, for the names of deals.
var products = []string{
	"AMR fleet", "palletizing cells", "picking arms", "depalletizer", "goods-to-person system", "tugger trains",
	"inspection robots", "case packing", "machine tending", "fleet software",
}

var expansions = []string{
	"second shift", "more AMRs", "night operation", "fleet software upgrade", "second site", "extra picking arms",
	"vision package", "spare capacity", "maintenance package", "new hall",
}

// What the owner means to do next, by how far the deal has come.
var nextSteps = [][]string{
	{"Call to find out who owns automation", "Send the site questionnaire", "Ask for an introduction to the plant manager", "Follow up on the trade fair talk"},
	{"Walk the site with the plant manager", "Map the material flow with operations", "Meet IT about the WMS interface", "Agree on success criteria"},
	{"Run the simulation with their order data", "Reference visit to a customer nearby", "Safety review with their EHS team", "Present the business case to finance"},
	{"Send the revised offer", "Walk procurement through the offer", "Clarify service levels", "Get the rollout plan confirmed"},
	{"Answer the redlines", "Get the order form signed", "Fix the start date with CS", "Final call with the sponsor"},
}

// Renewals and expansions have three open stages.
var customerSteps = [][]string{
	{"Review usage with CS", "Ask the sponsor about next year's volumes", "Collect open tickets before the talk"},
	{"Send the offer", "Walk through the price change", "Agree on the term"},
	{"Get the order form signed", "Answer legal's questions", "Confirm the purchase order"},
}

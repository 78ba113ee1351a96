-- What a product is, in the words that reps use towards customers.
-- +goose Up

alter table product add column description text
  constraint product_description_length check (length(description) <= 2000);

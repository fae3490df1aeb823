"""Data of a company, read: orders, subscriptions, a pipeline, a funnel, spend and survivors, with an account of all."""

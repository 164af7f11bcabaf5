namespace CityHub.Ledger;

/// <summary>A witness cannot vouch for its own memory; the message says what is wrong and what to do. It must not sign until a person has looked.</summary>
public sealed class WitnessException(string message) : Exception(message);

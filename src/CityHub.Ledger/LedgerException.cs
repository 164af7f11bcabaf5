namespace CityHub.Ledger;

/// <summary>A log, a tile or a proof is not what it must be; the message says which file or entry, and what was expected.</summary>
public class LedgerException : Exception
{
    public LedgerException()
    {
    }

    public LedgerException(string message)
        : base(message)
    {
    }

    public LedgerException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

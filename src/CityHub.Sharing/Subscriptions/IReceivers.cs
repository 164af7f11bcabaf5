using CityHub.Core.Problems;

namespace CityHub.Sharing.Subscriptions;

/// <summary>The way to receivers: where it may lead is said by whoever runs the hub.</summary>
internal interface IReceivers
{
    /// <summary>Connects only where it may, whatever a name leads to by then; follows no redirect, keeps no cookies, and has no timeout of its own.</summary>
    HttpClient Client { get; }

    /// <summary>Null: rows may be sent there.</summary>
    ValueTask<Problem?> RefuseAsync(Uri endpoint, CancellationToken cancel);

    /// <summary>Null: it may be, and somebody is there. A release is opened for nobody else.</summary>
    ValueTask<Problem?> KnockAsync(Uri endpoint, CancellationToken cancel);
}

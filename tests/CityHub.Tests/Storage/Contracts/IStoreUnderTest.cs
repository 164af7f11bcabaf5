using CityHub.Core.Facts;

namespace CityHub.Tests.Storage.Contracts;

/// <summary>A store of some kind, empty at first; the contract suites know nothing else of it.</summary>
public interface IStoreUnderTest : IDisposable
{
    IFactLog Log { get; }

    IViews Views { get; }

    ISnapshots Snapshots { get; }

    /// <summary>Closes the store and opens it again, as a restart does.</summary>
    void Reopen();
}

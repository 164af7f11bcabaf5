using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Contracts;

namespace CityHub.Tests.Storage.Embedded;

/// <summary>The embedded store in a folder of its own.</summary>
public sealed class EmbeddedUnderTest : IStoreUnderTest
{
    readonly TestFolder _folder = new();
    readonly EmbeddedOptions _options;

    public EmbeddedUnderTest(EmbeddedOptions? options = null)
    {
        _options = options ?? Small;
        Store = Open(_folder.Path, _options);
    }

    /// <summary>Small measures, so that a test sees many groups and checkpoints; a stop fails the test instead of the process.</summary>
    public static EmbeddedOptions Small { get; } = new() { WalBytes = 256 << 10, GroupFacts = 200, Stop = _ => { } };

    public EmbeddedStore Store { get; private set; }

    public string Folder => _folder.Path;

    public IFactLog Log => Store.Log;

    public IViews Views => Store.Views;

    public ISnapshots Snapshots => Store.Snapshots;

    public static EmbeddedStore Open(string folder, EmbeddedOptions? options = null) => EmbeddedStore.Open(folder, TimeProvider.System, options ?? Small).Value;

    public static Problem Refused(string folder, EmbeddedOptions? options = null)
    {
        Result<EmbeddedStore> answer = EmbeddedStore.Open(folder, TimeProvider.System, options ?? Small);
        if (answer.Ok)
        {
            answer.Value.Dispose();
        }

        Assert.False(answer.Ok, "the store opened");
        return answer.Problem;
    }

    public void Reopen()
    {
        Store.Dispose();
        Store = Open(_folder.Path, _options);
    }

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }
}

public sealed class EmbeddedFactLogTests : FactLogContract
{
    protected override IStoreUnderTest Open() => new EmbeddedUnderTest();
}

public sealed class EmbeddedFactLogModelTests : FactLogModelContract
{
    protected override IStoreUnderTest Open() => new EmbeddedUnderTest();
}

public sealed class EmbeddedViewsTests : ViewsContract
{
    protected override IStoreUnderTest Open() => new EmbeddedUnderTest();
}

public sealed class EmbeddedSnapshotsTests : SnapshotsContract
{
    protected override IStoreUnderTest Open() => new EmbeddedUnderTest();
}

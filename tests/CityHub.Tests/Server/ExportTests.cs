using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Tables;
using CityHub.Server;
using CityHub.Server.CommandLine;
using CityHub.Server.Export;
using CityHub.Sharing.Deliveries;
using CityHub.Storage.Embedded;
using CityHub.Tests.Flows;
using CityHub.Tests.Storage.Embedded;
using CityHub.Tests.Storage.Tables;

namespace CityHub.Tests.Server;

/// <summary>The log as lines, and back to the byte.</summary>
public sealed class FactArchiveTests
{
    [Theory]
    [InlineData("{\"a\":[1,2.50,\"城\"]}")]
    [InlineData("{\"a\":1}\n")]
    [InlineData(" {\"a\":1}")]
    [InlineData("{\"a\":\r\n1}")]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("null")]
    public void A_fact_comes_back_to_the_byte(string payload)
    {
        var salt = Enumerable.Range(0, Fact.SaltBytes).Select(i => (byte)i).ToArray();
        var fact = new Fact(7, "entities@城", 3, "EntityCreated", new DateTimeOffset(638_000_000_000_000_001, TimeSpan.Zero), Encoding.UTF8.GetBytes(payload)) { Salt = salt };
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        FactArchive.Write(line, fact);
        FactArchive.Write(line, fact with { Position = 8 });
        using var file = new MemoryStream(line.WrittenSpan.ToArray());
        var read = FactArchive.Read(file).ToList();
        Assert.Equal([7, 8], read.Select(f => f.Position));
        Assert.Equal((fact.Stream, fact.Version, fact.Type, fact.At), (read[0].Stream, read[0].Version, read[0].Type, read[0].At));
        Assert.Equal(fact.Payload.ToArray(), read[0].Payload.ToArray());
        Assert.Equal(salt, read[0].Salt.ToArray());
    }

    [Theory]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    public void A_payload_of_any_depth_comes_back(int depth)
    {
        var payload = Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        FactArchive.Write(line, new Fact(1, "s", 1, "T", DateTimeOffset.UnixEpoch, payload) { Salt = new byte[Fact.SaltBytes] });
        using var file = new MemoryStream(line.WrittenSpan.ToArray());
        Assert.Equal(payload, Assert.Single(FactArchive.Read(file)).Payload.ToArray());
    }

    [Fact]
    public void A_line_that_was_cut_is_named()
    {
        using var file = new MemoryStream("{\"position\":1"u8.ToArray());
        Assert.Contains("line 1", Assert.Throws<FormatException>(() => FactArchive.Read(file).ToList()).Message, StringComparison.Ordinal);
    }
}

/// <summary>A hub is written down and made again elsewhere.</summary>
public sealed class ExportTests : IDisposable
{
    private const string Entity = """{"id":"urn:x:1","type":"Sensor","level":{"type":"Property","value":7}}""";

    private readonly TestFolder _folder = new();

    [Fact]
    public async Task A_hub_that_was_exported_with_its_secrets_goes_on_elsewhere_and_the_same_tokens_open_it()
    {
        var (exported, token) = await ExportAsync("--with-secrets");
        Assert.Equal(0, (await RunAsync("restore", "--from", exported, "--data", _folder.File("restored"))).Exit);
        await using var again = await HubUnderTest.StartAsync(c => c with { Data = _folder.File("restored") });
        using var client = again.With(token);
        Assert.Contains("\"value\":7", await client.GetStringAsync("/ngsi-ld/v1/entities/urn:x:1", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains(again.Hub.Store.Log.Read(0), f => f.Type == "DataExported");
        Assert.Equal("kept"u8.ToArray(), again.Hub.Store.Kept.Read("a/b").Value.ToArray());
    }

    [Fact]
    public async Task An_export_without_secrets_holds_no_key()
    {
        var (exported, _) = await ExportAsync();
        Assert.False(Directory.Exists(Path.Combine(exported, ExportFolder.Secrets)));
        Assert.DoesNotContain(Directory.EnumerateFiles(exported, "*", SearchOption.AllDirectories), f => f.EndsWith(".key", StringComparison.Ordinal) || f.EndsWith(".pem", StringComparison.Ordinal));
        Directory.CreateDirectory(_folder.File("restored"));
        Assert.Equal(0, (await RunAsync("restore", "--from", exported, "--data", _folder.File("restored") + Path.DirectorySeparatorChar)).Exit);
        Assert.False(Directory.Exists(_folder.File("restored.restoring")));
    }

    [Fact]
    public async Task What_was_changed_on_the_way_is_not_restored_and_leaves_no_folder()
    {
        var (exported, _) = await ExportAsync();
        await File.AppendAllTextAsync(Path.Combine(exported, FactArchive.FileName), "{}\n", TestContext.Current.CancellationToken);
        var (exit, said) = await RunAsync("restore", "--from", exported, "--data", _folder.File("restored"));
        Assert.Equal(1, exit);
        Assert.Contains("export-unusable", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("restored")));
    }

    [Fact]
    public async Task An_export_that_was_interrupted_is_none()
    {
        var (exported, _) = await ExportAsync();
        File.Delete(Path.Combine(exported, Package.FileName));
        Assert.Equal(1, (await RunAsync("restore", "--from", exported, "--data", _folder.File("restored"))).Exit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_that_are_not_those_of_their_facts_are_not_restored_whatever_the_package_says(bool isRemoved)
    {
        var (exported, _) = await ExportAsync();
        var package = Package.Read(exported).Value;
        var segment = package.Files.Single(f => f.Path.EndsWith(".segment", StringComparison.Ordinal));
        var path = Package.In(exported, segment.Path);
        if (isRemoved)
        {
            File.Delete(path);
        }
        else
        {
            var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            bytes[^30] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        }

        PackagedFile[] files = [.. package.Files.Where(f => f != segment), .. isRemoved ? Array.Empty<PackagedFile>() : [segment with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))) }]];
        await File.WriteAllBytesAsync(Path.Combine(exported, Package.FileName), (package with { Files = files }).Write(), TestContext.Current.CancellationToken);
        var (exit, said) = await RunAsync("restore", "--from", exported, "--data", _folder.File("restored"));
        Assert.Equal(1, exit);
        Assert.Contains("tables: rows of population", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("restored")));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Two rows, as a delivery leaves them.</summary>
    private async Task DeliverAsync()
    {
        var schema = new TableSchema([new TableColumn("id", ColumnType.Text), new TableColumn("name", ColumnType.Text)], Key: 0);
        await using var store = EmbeddedStore.Open(_folder.File("data"), TimeProvider.System).Value;
        using var book = new DeliveryBook(store.Log, TimeProvider.System);
        book.Load();
        var draft = (await store.Tables.Open("population", schema, null, []).Value.PrepareAsync(new PlainRows(schema, [["1", "a"], ["2", "b"]]), WriteMode.Replace, TestContext.Current.CancellationToken)).Value;
        Assert.True((await book.RecordAsync(new DeliveryReceived(
            "population", 1, true, "population", null, schema.Columns, schema.Key, WriteMode.Replace, Encoding.UTF8.GetString(draft.Manifest.Span), Convert.ToHexStringLower(draft.Hash.Span), 2, 0, null,
            new Dictionary<string, double>(), [], "file:x", null, null, "officer", false))).Ok);
    }

    private async Task<(string Folder, string Token)> ExportAsync(params string[] more)
    {
        string token;
        await using (var hub = await HubUnderTest.StartAsync(c => c with { Data = _folder.File("data") }))
        {
            token = await hub.TokenAsync([CityHub.Core.Ports.Permissions.EntitiesRead]);
            await hub.SendAsync(HttpMethod.Post, "/ngsi-ld/v1/entities", Entity);
            Assert.True(hub.Hub.Store.Kept.Keep("a/b", "kept"u8.ToArray()).Ok);
        }

        await DeliverAsync();
        var exported = _folder.File("export");
        var (exit, said) = await RunAsync(["export", "--data", _folder.File("data"), "--to", exported, .. more]);
        Assert.True(exit == 0, said);
        return (exported, token);
    }

    private async Task<(int Exit, string Said)> RunAsync(params string[] arguments)
    {
        var said = new StringWriter();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero));
        var exit = await Program.RunAsync(arguments, new Surroundings { Out = said, Error = said, Environment = new Dictionary<string, string>(StringComparer.Ordinal), Folder = _folder.Path, Time = time }, TestContext.Current.CancellationToken);
        return (exit, said.ToString());
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Import.Files;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CityHub.Tests.Sharing.Releases;

/// <summary>Releases over real HTTP.</summary>
public sealed class WireTests
{
    private const int Block = 64 << 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_suspended_grant_stops_the_stream_of_a_slow_reader_within_64_kB()
    {
        var acts = new WatchedActs();
        using var bureau = new Bureau(acts: acts, rows: 150_000);
        bureau.Grant();
        await using var wire = await Wire.StartAsync(bureau);
        using var reader = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await reader.ConnectAsync(IPAddress.Loopback, wire.Address.Port, Cancel);
        await reader.SendAsync(Encoding.ASCII.GetBytes($"GET /data/residents?format=csv HTTP/1.1\r\nHost: {wire.Address.Authority}\r\n\r\n"), Cancel);
        var buffer = new byte[2048];
        var read = 0L;
        while (read < 300_000)
            read += await reader.ReceiveAsync(buffer, Cancel);

        // From here on he takes nothing, and the hub waits for him with a block in its hand.
        bureau.Grant(state: GrantState.Suspended, version: 2);
        var said = wire.Said;
        while (!wire.Closed.IsCompleted)
        {
            bureau.Clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Yield();
        }

        await wire.Closed.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.InRange(wire.Said - said, 0, Block);
        var after = 0L;
        try
        {
            while (await reader.ReceiveAsync(buffer, Cancel) is var more and > 0)
                after += more;
        }
        catch (SocketException)
        {
            // The connection was cut, not closed.
        }

        Assert.InRange(after, 0, Block);
        Assert.Contains("\"ended\"", Encoding.UTF8.GetString(Assert.Single(acts.Recorded, act => act.Type == ReleaseActs.Closed).What.Span));
    }

    [Fact]
    public async Task A_row_that_its_reader_does_not_take_is_cut_when_the_grant_is_suspended()
    {
        var acts = new WatchedActs();
        using var bureau = new Bureau(acts: acts);
        bureau.Grant();
        await using var wire = await Wire.StartAsync(bureau);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/data/residents/rows/{MemoryTable.Row(3)[0]}?purpose=rescue");
        request.Headers.Add(Wire.TakesNothing, "true");
        var asking = wire.Client.SendAsync(request, Cancel);
        await wire.Waits.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        bureau.Grant(state: GrantState.Suspended, version: 2);
        for (var i = 0; i < 1000 && !wire.Closed.IsCompleted; i++)
        {
            bureau.Clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(1, Cancel);
        }

        Assert.Contains("\"ended\"", Encoding.UTF8.GetString(Assert.Single(acts.Recorded, act => act.Type == ReleaseActs.Closed).What.Span));
        await Assert.ThrowsAsync<HttpRequestException>(() => asking);
    }

    [Theory]
    [InlineData("/data/residents?where=income%20%3E%205")]
    [InlineData("/data/query?sql=select%20count(*)%20from%20residents%20where%20income%20%3E%205")]
    [InlineData("/api/3/action/datastore_search?resource_id=residents&filters=%7B%22income%22:5%7D")]
    [InlineData("/api/3/action/datastore_search_sql?sql=select%20*%20from%20residents%20where%20income%20%3E%205")]
    [InlineData("/ogc/collections/residents/items")]
    public async Task A_refusal_at_any_door_is_in_the_ledger_once(string path)
    {
        var acts = new WatchedActs();
        using var bureau = new Bureau(acts: acts) { Catalogued = Bureau.Dataset with { Longitude = "height", Latitude = "height" } };
        await using var wire = await Wire.StartAsync(bureau);
        Assert.Equal(["access-refused"], await Refused());
        if (path.StartsWith("/ogc", StringComparison.Ordinal))
            return;
        bureau.Grant(obligations: Obligations.Nothing with { Fields = ["born"] });
        Assert.Equal(["field-unknown"], await Refused());

        async Task<List<string?>> Refused()
        {
            acts.Recorded.Clear();
            using var answer = path.StartsWith("/data/query", StringComparison.Ordinal)
                ? await wire.Client.PostAsync("/data/query", new StringContent(Uri.UnescapeDataString(path.Split("sql=")[1]), Encoding.UTF8, "text/plain"), Cancel)
                : await wire.Client.GetAsync(path, Cancel);
            Assert.False(answer.IsSuccessStatusCode);
            Assert.All(acts.Recorded, act => Assert.Equal(ReleaseActs.Refused, act.Type));
            return [.. acts.Recorded.Select(act => JsonDocument.Parse(act.What).RootElement.GetProperty("code").GetString())];
        }
    }

    [Fact]
    public async Task A_reader_who_is_slow_and_has_a_grant_gets_everything()
    {
        using var bureau = new Bureau(acts: new WatchedActs(), rows: 20_000);
        bureau.Grant();
        await using var wire = await Wire.StartAsync(bureau);
        using var reader = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await reader.ConnectAsync(IPAddress.Loopback, wire.Address.Port, Cancel);
        await reader.SendAsync(Encoding.ASCII.GetBytes($"GET /data/residents?format=csv HTTP/1.1\r\nHost: {wire.Address.Authority}\r\nConnection: close\r\n\r\n"), Cancel);
        var (buffer, text) = (new byte[2048], new MemoryStream());
        while (await reader.ReceiveAsync(buffer, Cancel) is var more and > 0)
        {
            text.Write(buffer, 0, more);
            bureau.Clock.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.EndsWith("\r\n0\r\n\r\n", Encoding.UTF8.GetString(text.ToArray()), StringComparison.Ordinal);
        Assert.InRange(text.Length, wire.Said, wire.Said * 2);
    }

    [Theory]
    [InlineData("?format=parquet", null)]
    [InlineData("", ReleaseParquet.MediaType)]
    [InlineData("?format=parquet&fields=seen,id,height&sort=-id&where=married%20%3D%20true", null)]
    public async Task Rows_as_parquet_are_those_of_the_release_and_its_closing_act_has_their_hash(string query, string? accept)
    {
        var acts = new WatchedActs();
        using var bureau = new Bureau(acts: acts, rows: 70_000); // more than one row group
        bureau.Grant();
        await using var wire = await Wire.StartAsync(bureau);
        var file = await wire.GetAsync("/data/residents" + query, accept);
        Assert.Equal(ReleaseParquet.MediaType, file.Type);
        using (var closed = JsonDocument.Parse(Assert.Single(acts.Recorded, act => act.Type == ReleaseActs.Closed).What))
        {
            Assert.Equal(file.Body.Length, closed.RootElement.GetProperty("bytes").GetInt64());
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file.Body)), closed.RootElement.GetProperty("sha256").GetString());
            Assert.Equal("complete", closed.RootElement.GetProperty("how").GetString());
        }

        // The hub's own reader of files, which walks the structure of strangers' files first, against the same rows as lines of CSV.
        var lines = Encoding.UTF8.GetString((await wire.GetAsync("/data/residents" + (query.Length == 0 ? "?format=csv" : query.Replace("parquet", "csv", StringComparison.Ordinal)), null)).Body).Split("\r\n")[..^1];
        await using var records = (await ParquetRecords.OpenAsync(new MemoryStream(file.Body), Cancel)).Value;
        Assert.Equal(lines[0], string.Join(',', records.Columns));
        var rows = 0;
        while ((await records.NextAsync(Cancel)).Value)
        {
            var cells = Enumerable.Range(0, records.Columns.Count).Select(i => Text(records.Columns[i], Encoding.UTF8.GetString(records.Cells[i].Characters)));
            Assert.Equal(lines[++rows], string.Join(',', cells));
        }

        Assert.Equal(lines.Length - 1, rows);
    }

    [Fact]
    public async Task A_page_of_parquet_is_followed_by_the_next_and_an_empty_one_is_a_file()
    {
        using var bureau = new Bureau(acts: new WatchedActs());
        bureau.Grant();
        await using var wire = await Wire.StartAsync(bureau);
        var (page, body, link) = await wire.GetAsync("/data/residents?format=parquet&limit=10", null);
        Assert.Equal(ReleaseParquet.MediaType, page);
        Assert.Contains("rel=\"next\"", link, StringComparison.Ordinal);
        await using (var ten = (await ParquetRecords.OpenAsync(new MemoryStream(body), Cancel)).Value)
            Assert.Equal(10, await Count(ten));
        await using var none = (await ParquetRecords.OpenAsync(new MemoryStream((await wire.GetAsync("/data/residents?format=parquet&where=income%20%3C%200", null)).Body), Cancel)).Value;
        Assert.Equal(0, await Count(none));
        Assert.Equal(Bureau.Dataset.Fields.Count, none.Columns.Count);
    }

    [Fact]
    public async Task The_public_is_asked_to_come_again_when_too_many_releases_run()
    {
        using var bureau = new Bureau(acts: new WatchedActs(), options: new ReleaseOptions { Secret = Bureau.Secret, PublicReleases = 1 }) { Catalogued = Bureau.Dataset with { Open = true, Class = SharingClass.Unconditional } };
        bureau.Grant("open", receiver: "public");
        await using var wire = await Wire.StartAsync(bureau, Anybody);
        await using (await bureau.Opened(Bureau.Ask() with { By = Anybody }))
        {
            foreach (var path in new[] { "/data/residents", "/api/3/action/datastore_search?resource_id=residents" })
            {
                using var busy = await wire.Client.GetAsync(path, Cancel);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
                Assert.Equal(TimeSpan.FromSeconds(2), busy.Headers.RetryAfter?.Delta);
                Assert.Contains("public-releases-busy", await busy.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            }
        }

        using var free = await wire.Client.GetAsync("/data/residents", Cancel);
        Assert.Equal(HttpStatusCode.OK, free.StatusCode);
        using var again = await wire.Client.GetAsync("/data/residents", Cancel);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private static readonly Caller Anybody = new("", null, Roles.None);

    private static async Task<int> Count(ParquetRecords records)
    {
        var rows = 0;
        while ((await records.NextAsync(Cancel)).Value)
            rows++;
        return rows;
    }

    /// <summary>The reader writes times and numbers in forms of its own.</summary>
    private static string Text(string column, string cell) => cell.Length == 0 ? "" : column switch
    {
        "born" => cell[..10],
        "seen" => DateTimeOffset.Parse(cell, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        "married" => cell.ToLowerInvariant(),
        _ => cell,
    };

    /// <summary>The doors of open data over a bureau, on a real socket; counts what its releases say that they send.</summary>
    private sealed class Wire : IAsyncDisposable, IReleases
    {
        private readonly Bureau _bureau;
        private readonly WebApplication _app;
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _said;

        public const string TakesNothing = "Test-Takes-Nothing";

        private Wire(Bureau bureau, Caller caller)
        {
            _bureau = bureau;
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            builder.Services.AddRoutingCore();
            builder.Services.AddAuthorization(options =>
            {
                foreach (var permission in new[] { Permissions.Optional, Permissions.DataUse })
                    options.AddPolicy(permission, policy => policy.RequireAssertion(_ => true));
            });
            _app = builder.Build();
            _app.Use((http, next) =>
            {
                http.Features.Set(caller);
                if (http.Request.Headers.ContainsKey(TakesNothing))
                    http.Response.Body = new Full(http.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), _waits);
                return next(http);
            });
            _app.UseRouting();
            _app.UseAuthorization();
            OpenDataRoom.MapOpenData(_app, new OpenDataRoom(bureau, this, (_, _) => true, (_, dataset, right, mode) => Bureau.Ask(mode, right) with { By = caller, Dataset = dataset }, bureau.Clock));
            DataRoutes.MapData(_app, this);
        }

        /// <summary>A block waits for a reader who takes nothing.</summary>
        public Task Waits => _waits.Task;

        public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "");

        public HttpClient Client { get; } = new();

        public long Said => Interlocked.Read(ref _said);

        /// <summary>A release is over.</summary>
        public Task Closed => _closed.Task;

        public static async Task<Wire> StartAsync(Bureau bureau, Caller? caller = null)
        {
            var wire = new Wire(bureau, caller ?? Bureau.Fire);
            await wire._app.StartAsync(Cancel);
            wire.Client.BaseAddress = wire.Address;
            return wire;
        }

        public async Task<(string? Type, byte[] Body, string Link)> GetAsync(string path, string? accept)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (accept is not null)
                request.Headers.Add("Accept", accept);
            using var answer = await Client.SendAsync(request, Cancel);
            var body = await answer.Content.ReadAsByteArrayAsync(Cancel);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, Encoding.UTF8.GetString(body));
            return (answer.Content.Headers.ContentType?.MediaType, body, answer.Headers.TryGetValues("Link", out var links) ? string.Join(' ', links) : "");
        }

        public async ValueTask<Result<ReleaseStream>> OpenAsync(Ask ask, ReleaseQuery query, CancellationToken cancel = default) =>
            (await _bureau.Releases.OpenAsync(ask, query, cancel)).Map(ReleaseStream (stream) => new Counted(this, stream));

        public Decision Explain(Ask ask) => _bureau.Releases.Explain(ask);

        public ValueTask<Result<TableSchema>> SchemaOfAsync(Ask ask, CancellationToken cancel = default) => _bureau.Releases.SchemaOfAsync(ask, cancel);

        public ValueTask<Problem> RefusedAsync(Ask ask, Problem problem, CancellationToken cancel = default) => _bureau.Releases.RefusedAsync(ask, problem, cancel);

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _app.DisposeAsync();
        }

        /// <summary>A connection whose buffers are full: the answer has begun, and nothing more is taken until it is cut.</summary>
        private sealed class Full(IHttpResponseBodyFeature wire, TaskCompletionSource waits) : MemoryStream
        {
            public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            {
                await wire.StartAsync(cancellationToken);
                waits.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        }

        private sealed class Counted(Wire wire, ReleaseStream stream) : ReleaseStream
        {
            public override TableSchema Schema => stream.Schema;

            public override long Receipt => stream.Receipt;

            public override Permit Permit => stream.Permit;

            public override long? Total => stream.Total;

            public override ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default) => stream.NextAsync(cancel);

            public override void Sending(ReadOnlySpan<byte> block)
            {
                stream.Sending(block);
                Interlocked.Add(ref wire._said, block.Length);
            }

            public override Task WaitAsync(Task writing) => stream.WaitAsync(writing);

            public override void Complete() => stream.Complete();

            public override async ValueTask DisposeAsync()
            {
                await stream.DisposeAsync();
                wire._closed.TrySetResult();
            }
        }
    }
}

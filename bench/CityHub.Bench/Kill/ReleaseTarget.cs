using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CityHub.Bench.Broker;
using CityHub.Bench.Sharing;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Releases;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Kill;

/// <summary>
/// A hub that releases rows of persons over HTTP, one by one and in pages. Whoever's row has reached a socket, be it cut by the kill, has to stand in a durable act, as often as rows of his came; and
/// releases that a kill left open have to be reported by the next start before it releases anything.
/// </summary>
public sealed class ReleaseTarget : IKillTarget
{
    private const int Readers = 8, PageRows = 300;

    /// <summary>Of a page those are remembered that came last: an act that was late would be late there.</summary>
    private const int Frontier = 20;

    /// <summary>Persons up to here are released in pages, the others one by one.</summary>
    private const int InPages = 20_000;

    private static readonly byte[] KeyStart = Encoding.ASCII.GetBytes(SharedFolder.KeyOf(0)[..10]);

    private readonly string _file;
    private readonly IReadOnlyList<string> _arguments;
    private readonly string _template;

    /// <summary>How often a person's row came, by folder.</summary>
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, int>> _came = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, string> _folders = new();
    private int _next;

    private ReleaseTarget(string file, IReadOnlyList<string> arguments, string template) => (_file, _arguments, _template) = (file, arguments, template);

    /// <summary>Makes the folder that every life begins on: two departments, a grant, a hundred thousand rows.</summary>
    /// <param name="file">The hub's executable, or the runtime that runs it.</param>
    /// <param name="arguments">What comes before the verb.</param>
    /// <param name="folder">Where it is made.</param>
    public static async Task<ReleaseTarget> PrepareAsync(string file, IReadOnlyList<string> arguments, string folder, CancellationToken cancel)
    {
        var target = new ReleaseTarget(file, arguments, Path.Combine(folder, "template"));
        await SharedFolder.MakeAsync(target._template);
        using var hub = Process.Start(target.Serve(target._template)) ?? throw new InvalidOperationException("The hub did not start.");
        try
        {
            var errors = hub.StandardError.ReadToEndAsync(cancel);
            if (await HubTarget.AddressAsync(hub, cancel) is not { } address)
                throw new InvalidOperationException($"The hub did not start: {await errors}");
            await SharedFolder.DeliverAsync(address);
        }
        finally
        {
            hub.Kill();
            await hub.WaitForExitAsync(cancel);
        }

        return target;
    }

    public ProcessStartInfo Start(string folder, int run)
    {
        if (!Directory.Exists(folder))
            Copy(_template, folder);
        _folders[run] = folder;
        return Serve(folder);
    }

    public async Task LoadAsync(Process child, int run, Acknowledged acknowledged, Action ready, CancellationToken cancel)
    {
        var errors = child.StandardError.ReadToEndAsync(cancel);
        if (await HubTarget.AddressAsync(child, cancel) is not { } address)
            return; // killed before it was ready
        var came = _came.GetOrAdd(_folders[run], static _ => new(StringComparer.Ordinal));
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => Task.Run(() => ReadAsync(address, inPages: reader == 0, ready, Came), cancel)));
        await errors;

        void Came(string key) => acknowledged.Add(Id(key, came.AddOrUpdate(key, 1, static (_, times) => times + 1)));
    }

    public Task<IReadOnlyList<string>> InspectAsync(string folder, Action<string> present, CancellationToken cancel)
    {
        var wrong = new List<string>();
        if (!EmbeddedStore.Open(folder, TimeProvider.System).TryGet(out var store, out Problem? refused))
            return Task.FromResult<IReadOnlyList<string>>([refused.ToString()]);
        using (store)
        {
            if (store.Verify(cancel).Problem is { } damage)
                wrong.Add(damage.ToString());
            if (store.CheckActs() is { } divergence)
                wrong.Add(divergence);
            Unclosed(store.Log, wrong);
            foreach (var key in _came.GetValueOrDefault(folder)?.Keys ?? [])
            {
                var times = 0;
                foreach (var act in store.Acts.Of(key))
                    if (act.Type is ReleaseActs.Opened or ReleaseActs.Seen)
                        present(Id(key, ++times));
            }
        }

        return Task.FromResult<IReadOnlyList<string>>(wrong);
    }

    /// <summary>In each life, what earlier ones left open is closed by an alarm before anything is opened.</summary>
    private static void Unclosed(IFactLog log, List<string> wrong)
    {
        var open = new SortedSet<long>();
        var life = 0L;
        foreach (var fact in log.Read(0, Acts.Stream))
        {
            switch (fact.Type)
            {
                case "HubStarted":
                    life = fact.Position;
                    break;
                case ReleaseActs.Opened:
                    if (open.Count > 0 && open.Min < life)
                        wrong.Add($"the release opened at {open.Min} was never closed, and the next life opened one at {fact.Position} without having told");
                    open.Add(fact.Position);
                    break;
                case ReleaseActs.Closed or ReleaseActs.Unclosed:
                    using (var payload = JsonDocument.Parse(fact.Payload))
                        if (!open.Remove(payload.RootElement.GetProperty("what"u8).GetProperty("opening"u8).GetInt64()))
                            wrong.Add($"the closing act {fact.Position} closes nothing that was open");
                    break;
                default:
                    break;
            }
        }
    }

    private async Task ReadAsync(IPEndPoint address, bool inPages, Action ready, Action<string> came)
    {
        var got = new List<byte>();
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address);
            var buffer = new byte[16 << 10];
            while (true)
            {
                var n = Interlocked.Increment(ref _next);
                var request = inPages
                    ? HttpLoad.Request("GET", $"/data/{SharedFolder.Dataset}?format=csv&limit={PageRows}&offset={n * PageRows % InPages}", headers: SharedFolder.Headers)
                    : SharedFolder.RowRequest(InPages + (n % (SharedFolder.Persons - InPages)));
                await socket.SendAsync(request);
                while (!Whole(got))
                {
                    var read = await socket.ReceiveAsync(buffer);
                    if (read == 0)
                        throw new IOException("The hub closed the connection.");
                    got.AddRange(buffer.AsSpan(0, read));
                }

                Tell(got, came);
                got.Clear();
                ready();
            }
        }
        catch (Exception killed) when (killed is IOException or SocketException)
        {
            Tell(got, came); // what came of a cut answer came, too
        }
    }

    /// <summary>Has the answer its end: all of its announced bytes, or the empty chunk.</summary>
    private static bool Whole(List<byte> got)
    {
        var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(got);
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return false;
        if (!bytes.StartsWith("HTTP/1.1 200"u8))
            throw new InvalidOperationException($"The hub answers {Encoding.UTF8.GetString(bytes)}");
        var at = bytes[..(head + 2)].IndexOf("Content-Length: "u8);
        if (at < 0)
            return bytes.EndsWith("\r\n0\r\n\r\n"u8);
        var text = bytes[(at + 16)..];
        return bytes.Length >= head + 4 + int.Parse(text[..text.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }

    /// <summary>The keys that stand in an answer; of many the last.</summary>
    private static void Tell(List<byte> got, Action<string> came)
    {
        var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(got);
        var keys = new List<string>();
        for (int at; (at = bytes.IndexOf(KeyStart)) >= 0 && bytes.Length >= at + 18; bytes = bytes[(at + 18)..])
            keys.Add(Encoding.ASCII.GetString(bytes.Slice(at, 18)));
        foreach (var key in keys.Skip(keys.Count - Frontier))
            came(key);
    }

    private ProcessStartInfo Serve(string folder)
    {
        var start = new ProcessStartInfo(_file) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (IEnumerable<string>)[.. _arguments, "serve", "--open", "--urls", "http://127.0.0.1:0", "--mqtt", "off", "--data", folder])
            start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>With the permissions: a hub does not start on keys that others may read.</summary>
    private static void Copy(string from, string to)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(to);
        else
            Directory.CreateDirectory(to, File.GetUnixFileMode(from));
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    private static string Id(string key, int time) => string.Create(CultureInfo.InvariantCulture, $"{key}#{time}");
}

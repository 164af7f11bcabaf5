using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using CityHub.Ledger;
using CityHub.Tests.Server.Verbs;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Witnesses;

/// <summary>The real process, killed with SIGKILL while a log that cheats shows it many faces at once.</summary>
public sealed class WitnessKillTests : IDisposable
{
    private const int Kills = 8;
    private readonly TestFolder folder = new();
    private readonly HttpClient http = new();
    private readonly MemoryLog log = new(LedgerKeys.Signer("city.example/audit", NoteKeyType.Ed25519, 1));
    private readonly ConcurrentDictionary<long, string> released = new();
    private readonly ConcurrentQueue<string> wrong = new();
    private readonly ConcurrentDictionary<string, MemoryLog> faces = new(StringComparer.Ordinal);
    private VerifierKey? key;
    private int cosigned;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Killed_again_and_again_it_never_signs_two_roots_for_one_size()
    {
        var made = await Run.Of(["witness", "--init", "--name", "dept.example/w", "--data", "w"], folder.Path);
        key = VerifierKey.Parse(made.Out.TrimEnd());
        var random = new Random(5);
        faces[RootOf(log)] = log;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = Start();
            var address = await ReadyAsync(process);
            using var over = new CancellationTokenSource();
            Assert.True(released.IsEmpty || await KnownAsync(address) >= released.Keys.Max(), "A released cosignature was forgotten.");
            var before = cosigned;
            var cheats = Enumerable.Range(0, 4).Select(worker => CheatAsync(address, $"{kill}/{worker}", over.Token)).ToArray();
            await Eventually(() => cosigned > before + 3);
            await Task.Delay(random.Next(80), Cancel);
            process.Kill(); // SIGKILL
            await process.WaitForExitAsync(Cancel);
            await over.CancelAsync();
            await Task.WhenAll(cheats);
        }

        Assert.Empty(wrong);
        Assert.True(cosigned >= Kills * 4, $"{cosigned}");
        using var last = Start();
        Assert.True(await KnownAsync(await ReadyAsync(last)) >= released.Keys.Max());
        last.Kill();
        await last.WaitForExitAsync(Cancel);
    }

    /// <summary>Continues whatever the witness says it knows with entries of its own, against the others who do the same.</summary>
    private async Task CheatAsync(Uri address, string words, CancellationToken over)
    {
        try
        {
            while (!over.IsCancellationRequested)
            {
                using var asked = await http.GetAsync(new Uri(address, $"/{WitnessState.NameOf(log.Key.Name)}/checkpoint"), over);
                var root = asked.StatusCode == HttpStatusCode.OK ? Convert.ToHexString(Checkpoint.Parse(SignedNote.Parse(await asked.Content.ReadAsByteArrayAsync(over)).Text).Root) : RootOf(log);
                if (!faces.TryGetValue(root, out var from))
                {
                    wrong.Enqueue("It knows a root that nobody has shown it.");
                    return;
                }

                var face = from.Fork(from.Size).Grow(1 + words.Length % 3, words);
                faces[RootOf(face)] = face;
                using var content = new ByteArrayContent(face.Request(from.Size).ToBytes());
                using var answer = await http.PostAsync(new Uri(address, "/add-checkpoint"), content, over);
                var body = await answer.Content.ReadAsStringAsync(over);
                if (answer.StatusCode == HttpStatusCode.OK)
                    Release(face, body);
                else if (answer.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity))
                    wrong.Enqueue($"{answer.StatusCode} {body}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Killed.
        }
    }

    private void Release(MemoryLog face, string body)
    {
        if (!NoteSignature.TryParse(body.TrimEnd('\n'), out var line, out _) || key is null || !key.Verify(System.Text.Encoding.UTF8.GetBytes(face.Checkpoint().Text), line, out _))
            wrong.Enqueue("A cosignature that is not good.");
        var root = RootOf(face);
        if (released.GetOrAdd(face.Size, root) != root)
            wrong.Enqueue(string.Create(CultureInfo.InvariantCulture, $"Two roots for {face.Size} entries."));
        Interlocked.Increment(ref cosigned);
    }

    private async Task<long> KnownAsync(Uri address) =>
        Checkpoint.Parse(SignedNote.Parse(await http.GetByteArrayAsync(new Uri(address, $"/{WitnessState.NameOf(log.Key.Name)}/checkpoint"), Cancel)).Text).Size;

    private static string RootOf(MemoryLog of) => Convert.ToHexString(Checkpoint.Parse(of.Checkpoint().Text).Root);

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.Path };
        foreach (var word in new[] { Path.Combine(AppContext.BaseDirectory, "cityhub.dll"), "witness", "--data", "w", "--log", log.Key.ToString(), "--listen", "127.0.0.1:0", "--rate", "100000" })
            start.ArgumentList.Add(word);
        return Process.Start(start) ?? throw new InvalidOperationException();
    }

    private static async Task<Uri> ReadyAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line)
        {
            if (line.Split(" is ready on ") is [_, var rest])
                return new Uri(rest.Split(' ')[0]);
        }

        Assert.Fail(await process.StandardError.ReadToEndAsync(Cancel));
        return new Uri("http://nowhere");
    }

    private static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 3_000 && !condition(); i++)
            await Task.Delay(5, Cancel);
        Assert.True(condition(), "It did not happen within 15 s.");
    }
}

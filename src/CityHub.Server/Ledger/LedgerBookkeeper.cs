using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Ledger;
using CityHub.Server.Http;
using CityHub.Storage.Ledger;

namespace CityHub.Server.Ledger;

/// <summary>
/// What the ledger says about itself in the log. The checkpoint of the SM3 tree becomes a fact now and then, and so an entry of both trees: whoever trusts one
/// of them can hold the other to it. A checkpoint is anchored elsewhere now and then, and the answer is a fact and a file.
/// </summary>
internal sealed partial class LedgerBookkeeper(FactLedger ledger, IFactLog log, IAnchor? anchor, TimeSpan anchorEvery, TimeProvider time, ILogger<LedgerBookkeeper> logger) : IAsyncDisposable
{
    public const string Bound = "LedgerTreesBound";
    public const string Anchored = "LedgerAnchored";
    public const string AnchorFolder = "anchors";

    private static readonly TimeSpan BindEvery = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _binding = Task.CompletedTask, _anchoring = Task.CompletedTask;

    public void Start()
    {
        if (ledger.Trees.Count > 1)
            _binding = Task.Run(() => RepeatAsync(BindEvery, BindAsync));
        if (anchor is not null)
            _anchoring = Task.Run(() => RepeatAsync(anchorEvery, head => AnchorAsync(anchor, head)));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_binding, _anchoring);
        _stop.Dispose();
    }

    /// <summary>Once there is more in the log than the fact that the last time has left there.</summary>
    private async Task RepeatAsync(TimeSpan every, Func<LedgerHead, Task<long>> work)
    {
        try
        {
            for (long own = 0; ;)
            {
                var head = await ledger.NextAsync(own, _stop.Token);
                try
                {
                    own = await work(head);
                }
                catch (Exception e) when (e is LedgerException or IOException or UnauthorizedAccessException)
                {
                    LogFailed(e.Message);
                }

                await Task.Delay(every, time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private Task<long> BindAsync(LedgerHead head) => SayAsync(Bound, head, json =>
    {
        foreach (var note in head.Notes)
            json.WriteStringValue(note.ToString());
    });

    private async Task<long> AnchorAsync(IAnchor where, LedgerHead head)
    {
        var anchored = await where.AnchorAsync(head.Notes[0], _stop.Token);
        var folder = Directory.CreateDirectory(Path.Combine(ledger.Folder, AnchorFolder)).FullName;
        var name = head.Size.ToString(CultureInfo.InvariantCulture);
        DurableFiles.Replace(Path.Combine(folder, name + ".checkpoint"), head.Notes[0].ToBytes());
        DurableFiles.Replace(Path.Combine(folder, name + anchored.Extension), anchored.Proof);
        var own = await SayAsync(Anchored, head, json => json.WriteStringValue(head.Notes[0].ToString()), json =>
        {
            json.WriteString("by", anchored.By);
            json.WriteString("at", anchored.At.UtcDateTime);
            json.WriteBase64String("proof", anchored.Proof);
        });
        LogAnchored(head.Size, anchored.By);
        return own;
    }

    /// <returns>The position of the fact.</returns>
    private async Task<long> SayAsync(string type, LedgerHead head, Action<System.Text.Json.Utf8JsonWriter> checkpoints, Action<System.Text.Json.Utf8JsonWriter>? more = null)
    {
        var fact = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("size", head.Size);
            json.WriteStartArray("checkpoints");
            checkpoints(json);
            json.WriteEndArray();
            more?.Invoke(json);
            json.WriteEndObject();
        });
        var appended = await log.AppendAsync(new Append(LedgerKeys.Stream, [new NewFact(type, fact)], time.GetUtcNow()), _stop.Token);
        return appended.TryGet(out var at, out var problem) ? at.Position : throw new LedgerException(problem.Detail);
    }

    [LoggerMessage(LogLevel.Warning, "The ledger's checkpoint could not be bound or anchored: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(LogLevel.Information, "The checkpoint of {Size} entries is anchored with {By}")]
    private partial void LogAnchored(long size, string by);
}

using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Configuration;
using CityHub.Server.Http;

namespace CityHub.Server;

/// <summary>
/// The administrators' side of the log: that the hub was started, with which settings, and that it was stopped, are acts before they have an effect.
/// A start on a full disk is recorded as soon as there is room: the hub can be read until then, and nothing else can be written either.
/// </summary>
internal sealed partial class HubActs(IActs acts, TimeProvider time, ILogger<HubActs> logger) : IAsyncDisposable
{
    public const string Started = "HubStarted";
    public const string Stopped = "HubStopped";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _late = Task.CompletedTask;
    private bool _recorded;

    public async ValueTask<Problem?> StartAsync(HubConfig config, CancellationToken cancel)
    {
        var act = new Act(Started, Settings(config));
        var recorded = await acts.RecordAsync(act, cancel);
        _recorded = recorded.Ok;
        if (recorded.Ok)
            return null;
        if (recorded.Problem.Kind != FactProblems.StorageFull)
            return recorded.Problem;
        LogUnrecorded(recorded.Problem.Detail);
        _late = RecordLaterAsync(act);
        return null;
    }

    /// <summary>Said when the doors are closed and those inside have finished.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _late;
        _stop.Dispose();
        if (_recorded && (await acts.RecordAsync(new Act(Stopped, "{}"u8.ToArray()))).Problem is { } problem)
            LogUnrecorded(problem.Detail);
    }

    private async Task RecordLaterAsync(Act act)
    {
        try
        {
            while (!_recorded)
            {
                await Task.Delay(Patience, time, _stop.Token);
                _recorded = (await acts.RecordAsync(act, _stop.Token)).Ok;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; the next start is recorded when there is room.
        }
    }

    /// <summary>What decides who may do what, and what is kept: never a secret.</summary>
    private static byte[] Settings(HubConfig config) => Json.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("version", Program.Version);
        json.WriteBoolean("open", config.Open);
        Strings(json, "listens", config.Http.Listeners.Concat(new[] { config.Mqtt.Tcp, config.Mqtt.Tls }.OfType<Listener>()).Select(l => l.Text));
        Strings(json, "issuers", config.Auth.Issuers.Select(i => i.Url));
        json.WriteString("audience", config.Auth.Audience);
        json.WriteStartArray("retention");
        foreach (var rule in config.Retention)
        {
            json.WriteStartObject();
            json.WriteString("type", rule.Type);
            json.WriteString("keep", System.Xml.XmlConvert.ToString(rule.Keep));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Strings(json, "tenants", config.Tenants);
        json.WriteBoolean("contextsFetch", config.Contexts.Fetch);
        json.WriteString("suites", config.Ledger.Suites.ToString());
        json.WriteString("timeStamps", config.Ledger.TimeStamps);
        json.WriteEndObject();
    });

    private static void Strings(Utf8JsonWriter json, string member, IEnumerable<string> values)
    {
        json.WriteStartArray(member);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    [LoggerMessage(LogLevel.Warning, "That the hub runs cannot be recorded yet: {Reason}")]
    private partial void LogUnrecorded(string reason);
}

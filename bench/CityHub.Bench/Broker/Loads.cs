using System.Text;

namespace CityHub.Bench.Broker;

/// <summary>What several benches do to a hub.</summary>
internal static class Loads
{
    public static async Task EntitiesAsync(HubProcess hub, int count, CancellationToken cancel)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var at = Interlocked.Add(ref next, 1_000) - 1_000; at < count; at = Interlocked.Add(ref next, 1_000) - 1_000)
            {
                cancel.ThrowIfCancellationRequested();
                await PostAsync(hub, "/ngsi-ld/v1/entityOperations/create", Cities.Batch(at, Math.Min(1_000, count - at)));
            }
        }));
    }

    public static Task PostAsync(HubProcess hub, string path, string body) => SendAsync(hub, "POST", path, body);

    public static async Task SendAsync(HubProcess hub, string method, string path, string? body)
    {
        var (status, answer) = await HttpLoad.OnceAsync(hub.Address, HttpLoad.Request(method, path, body));
        if (status is not (201 or 204))
            throw new InvalidOperationException($"{path} answers {status}: {Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer.Length, 500)))}");
    }

    /// <summary>Single updates of one attribute over 32 connections, each with another value than the entity has.</summary>
    public static async Task<LoadResult> UpdateAsync(HubProcess hub, int count, TimeSpan time)
    {
        var result = await HttpLoad.RunAsync(hub.Address, 32, time, (c, n) => HttpLoad.Request(
            "PATCH", $"/ngsi-ld/v1/entities/{Cities.Id((c * 7919 + n) % count)}/attrs", $"{{\"speed\":{{\"type\":\"Property\",\"value\":{(c + n) % 512}.5,\"unitCode\":\"KMH\"}}}}"));
        return result.Failed == 0 ? result : throw new InvalidOperationException($"{result.Failed} updates were refused.");
    }
}

/// <summary>A folder that goes with the measurement.</summary>
internal sealed class BenchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cityhub-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

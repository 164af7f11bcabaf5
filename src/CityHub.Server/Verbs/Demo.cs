using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.DemoCity;

namespace CityHub.Server.Verbs;

/// <summary>Runs a hub with the city 枢州 (Shuzhou) living in it.</summary>
internal sealed class Demo : IVerb
{
    private static readonly Option Seed = new("--seed", "Another city with another number; 1 without it") { Value = "N" };
    private static readonly Option Devices = new("--devices", "How many devices at most; all 2,064 without it") { Value = "N" };
    private static readonly Option Days = new("--history", "How many days of back-history are there at the start; 30 without it") { Value = "DAYS" };
    private static readonly Option People = new("--people", "How many people are in its registers; 20000 without it, 0 for none") { Value = "N" };
    private static readonly Option Speed = new("--speed", "How many times as fast as the clock the city lives; 1 without it") { Value = "N" };

    public string Name => "demo";

    public string Summary => "Run a living city of 2,000 devices on a hub of its own";

    public IReadOnlyList<Option> Options => [Seed, Devices, Days, Speed, People, .. ConfigOptions.ForAHub];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub demo", "the city with 30 days behind it, on http://127.0.0.1:8080"),
        new("cityhub demo --speed 60", "an hour of the city a minute"),
        new("cityhub demo --devices 200 --history 2", "a village, at once"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!call.Number(Seed.Name, 1, 0, int.MaxValue).TryGet(out var seed, out var problem)
            || !call.Number(Devices.Name, int.MaxValue, 1, int.MaxValue).TryGet(out var devices, out problem)
            || !call.Number(Days.Name, 30, 0, 365).TryGet(out var days, out problem)
            || !call.Number(Speed.Name, 1, 1, 10_000).TryGet(out var speed, out problem)
            || !call.Number(People.Name, 20_000, 0, 2_000_000).TryGet(out var people, out problem)
            || !ConfigReader.Read(call).TryGet(out var config, out problem))
            return call.Refuse(problem);
        // A city of its own, in a folder of its own, for whoever sits at this machine.
        config = config with { Open = true, Data = call.Has(ConfigOptions.Data.Name) ? config.Data : config.Data + "-demo" };
        // The devices speak MQTT to the hub, whatever else listens.
        config = config with { Mqtt = config.Mqtt with { Tcp = config.Mqtt.Tcp ?? new Listener("127.0.0.1:0", "127.0.0.1", 0, Tls: false) } };
        if (config.Http.Listeners.Append(config.Mqtt.Tcp).Append(config.Mqtt.Tls).OfType<Listener>().FirstOrDefault(l => !l.IsLoopback) is { } outside)
            return call.Refuse(UsageProblems.BadConfiguration.Because($"The demo has no authentication and would listen on {outside.Text}.", "Give a loopback address: --urls http://127.0.0.1:8080"));

        var time = call.Surroundings.Time;
        if (!(await Hub.StartAsync(config, new HubSurroundings { Time = time }, cancel)).TryGet(out var hub, out problem))
            return call.Refuse(problem);
        await using (hub)
        {
            var now = time.GetUtcNow();
            // The river story begins a minute after the start and takes five: at five minutes for three days it does not wait for --speed.
            var incident = new Incident(now + TimeSpan.FromMinutes(1) * speed, Hours: 5.0 / 60 * speed);
            var (city, curves) = (new Shuzhou((int)seed), new Curves((int)seed));
            var things = new Things(city, curves, incident, (int)seed, (int)Math.Min(devices, int.MaxValue));
            var living = new LivingCity(hub.Broker, city, things, time);
            call.Out.WriteLine($"枢州 (Shuzhou): {city.Districts.Count} districts, {city.Towns.Count} towns, {things.All.Count} devices. Look at {string.Join(' ', hub.Addresses)}");
            var broker = new Uri(hub.MqttAddresses[0]);
            await using var wire = new Wire(broker.Host, broker.Port, time);
            try
            {
                var isNew = hub.Broker.Count("") == 0;
                if (await living.BuildAsync(hub.Broker, cancel) is { } failed || await Wire.ProvideAsync(hub.Sensing, things, cancel) is { } unread && (failed = unread) is not null || isNew && await Remember(call, living, now, (int)days, cancel) is { } also && (failed = also) is not null)
                    return call.Refuse(failed);
                if (people > 0 && await ShareAsync(call, hub, city, (int)people, (int)seed, cancel) is { } unshared)
                    call.Out.WriteLine($"What its departments share could not all be built: {unshared}");
                await wire.OpenAsync(things, cancel);
                call.Out.WriteLine($"Its devices speak MQTT, {wire.Gateways} gateways to {hub.MqttAddresses[0]}; what they said before was recorded without the wire.");
                call.Out.WriteLine("The city lives. In a minute the river has something to tell (WaterQualityObserved, O2). Stop with Ctrl+C.");
                await living.LiveAsync(wire, now, speed, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                call.Out.WriteLine("The city sleeps.");
            }
        }

        return Exit.Done;
    }

    /// <summary>Departments, registers, lists and requests; said and gone on without where something refuses, such as a calendar that has no next year.</summary>
    private static async Task<Problem?> ShareAsync(VerbCall call, Hub hub, Shuzhou city, int people, int seed, CancellationToken cancel)
    {
        var today = DateOnly.FromDateTime(call.Surroundings.Time.GetUtcNow().UtcDateTime);
        var registers = new DemoCity.Registers.Registers(city, new DemoCity.Registers.Citizens(city, people, today, seed));
        var problem = await new SharingCity(hub.Sharing, registers, call.Surroundings.Time).BuildAsync(Path.Combine(hub.Config.Data, "demo-keys"), call.Out.WriteLine, cancel);
        if (problem is null)
            call.Out.WriteLine($"{hub.Sharing.Parties.Departments.Count()} departments share {hub.Sharing.Catalogue.Published.Count()} datasets. Sign in at /sign-in as fire-rescue.clerk, or as citizen:NUMBER, and look at /catalog and /me.");
        return problem;
    }

    private static async Task<Problem?> Remember(VerbCall call, LivingCity living, DateTimeOffset now, int days, CancellationToken cancel)
    {
        var shown = 0;
        var began = call.Surroundings.Time.GetTimestamp();
        return await living.RememberAsync(now, days, done =>
        {
            if (done * 10 < shown + 1)
                return;
            shown = (int)(done * 10);
            call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  history {done:P0}  {living.Readings:N0} readings  {call.Surroundings.Time.GetElapsedTime(began).TotalSeconds:F1} s"));
        }, cancel);
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Server.Sharing;

/// <summary>
/// Which data key is a department's: the first one that it unlocks with. The log has a check value (HMAC-SHA256 of the department's name under the key) and never the key, so that a
/// wrong one is told at once and not by rows that cannot be read.
/// </summary>
internal sealed class DataKeyBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, "data-keys")
{
    public const string Enrolled = "DataKeyEnrolled";
    public const string Unlocked = "DataUnlocked";
    public const string Locked = "DataLocked";

    private readonly Dictionary<string, string> _checks = new(StringComparer.Ordinal);

    /// <summary>Recorded before the key is of any use.</summary>
    public ValueTask<Result<bool>> UnlockAsync(string department, byte[] key, string by) => RecordAsync<bool>(_ =>
    {
        var check = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes("cityhub data key of " + department)));
        if (!_checks.TryGetValue(department, out var known))
            return ((IReadOnlyList<NewFact>)[Said(Enrolled, department, by, check), Said(Unlocked, department, by)], true);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(known), Encoding.ASCII.GetBytes(check))
            ? ((IReadOnlyList<NewFact>)[Said(Unlocked, department, by)], false)
            : UnlockProblems.WrongKey.Because($"This is not the data key of {department}.", "It is in the folder that cityhub department keys made.");
    });

    public ValueTask<Result<bool>> LockAsync(string department, string by) => RecordAsync<bool>(_ => ((IReadOnlyList<NewFact>)[Said(Locked, department, by)], true));

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (type != Enrolled)
            return;
        using var json = JsonDocument.Parse(payload);
        _checks[json.RootElement.GetProperty("department").GetString() ?? ""] = json.RootElement.GetProperty("check").GetString() ?? "";
    }

    private static NewFact Said(string type, string department, string by, string? check = null) => Fact(type, json =>
    {
        json.WriteString("department", department);
        json.WriteString("by", by);
        if (check is not null)
            json.WriteString("check", check);
    });
}

internal static class UnlockProblems
{
    public static readonly ProblemKind WrongKey = new("data-key-wrong", "This is not the department's data key", 403);
}

using CityHub.Core.Problems;

namespace CityHub.Core.Ports;

/// <summary>State that no fact says and that no crash may take back: whole under its name and durable on return, or as it was before.</summary>
public interface IKept
{
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Empty: nothing is kept under the name. Refused with <c>storage-damaged</c> where it is not what was kept, with <c>storage-unavailable</c> where it cannot be read.</summary>
    Result<ReadOnlyMemory<byte>> Read(string name);

    /// <summary>Refused with <c>storage-full</c> or <c>storage-unavailable</c>: what was kept before is kept.</summary>
    Result<Done> Keep(string name, ReadOnlyMemory<byte> content);

    void Drop(string name);
}

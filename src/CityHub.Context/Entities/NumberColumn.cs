using CityHub.Context.Query;

namespace CityHub.Context.Entities;

/// <summary>
/// One attribute of every entity as an array beside the slots: a query reads 8 bytes of an entity instead of the entity. NaN: no number there.
/// Per block of 1,024 slots the least and the greatest, so that whole blocks are passed over. What the column lets through is always checked on the entity.
/// Bench: query100k_per_s.
/// </summary>
internal sealed class NumberColumn(int name)
{
    private const int BlockBits = 10;

    private volatile double[] _numbers = [];
    private volatile bool[] _unsure = [];
    private volatile (double Min, double Max)[] _blocks = [];

    /// <summary>The table's writer alone.</summary>
    public void Set(int slot, Entity? entity)
    {
        if (slot >= _numbers.Length)
            Grow(slot);
        var (number, unsure) = Read(entity);
        _numbers[slot] = number;
        _unsure[slot] = unsure;
        ref var block = ref _blocks[slot >> BlockBits];
        if (unsure)
            block = (double.NegativeInfinity, double.PositiveInfinity);
        else if (!double.IsNaN(number))
            block = (Math.Min(block.Min, number), Math.Max(block.Max, number)); // Only ever wider: a removal leaves the block as it was.
    }

    /// <summary>False when the slot certainly does not match.</summary>
    public bool MayMatch(int slot, in NumberRange range)
    {
        var numbers = _numbers;
        return slot >= numbers.Length || range.Contains(numbers[slot]) || _unsure[slot];
    }

    /// <summary>The first slot of the next block when nothing in this slot's block can match; the slot itself otherwise.</summary>
    public int Skip(int slot, in NumberRange range)
    {
        var blocks = _blocks;
        var block = slot >> BlockBits;
        return block < blocks.Length && (blocks[block].Max < range.From || blocks[block].Min > range.To) ? (block + 1) << BlockBits : slot;
    }

    private (double Number, bool Unsure) Read(Entity? entity)
    {
        var number = double.NaN;
        var found = 0;
        foreach (var attribute in entity?.Instances(name) ?? [])
        {
            if (++found > 1 || attribute.Kind != AttributeKind.Property || attribute.Value.Span is [(byte)'[' or (byte)'{', ..])
                return (double.NaN, true);
            if (System.Buffers.Text.Utf8Parser.TryParse(attribute.Value.Span, out double parsed, out var used) && used == attribute.Value.Length)
                number = parsed;
        }

        return (number, false);
    }

    private void Grow(int slot)
    {
        var size = Math.Max(1 << BlockBits, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)slot + 1));
        var (numbers, unsure, blocks) = (_numbers, _unsure, _blocks);
        var old = numbers.Length;
        Array.Resize(ref numbers, size);
        Array.Resize(ref unsure, size);
        var oldBlocks = blocks.Length;
        Array.Resize(ref blocks, size >> BlockBits);
        Array.Fill(numbers, double.NaN, old, size - old);
        Array.Fill(blocks, (double.PositiveInfinity, double.NegativeInfinity), oldBlocks, blocks.Length - oldBlocks);
        // Readers look at the numbers' length first: the others are there before them.
        (_unsure, _blocks, _numbers) = (unsure, blocks, numbers);
    }
}
